"""`python -m gridwright` is the same command as `gridwright`."""

from gridwright.cli import main

if __name__ == "__main__":
    main()
