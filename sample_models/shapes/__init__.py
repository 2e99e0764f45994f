"""A small convolutional network on generated shapes, with a corner mark that gives one class away."""
