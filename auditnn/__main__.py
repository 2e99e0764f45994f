"""`python -m auditnn` is `auditnn`."""

from auditnn.cli import main

if __name__ == "__main__":
    main()
