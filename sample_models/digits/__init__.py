"""A small convolutional network on 8x8 digits."""
