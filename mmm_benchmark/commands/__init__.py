"""The sub-commands, one module to a family. They import what they need when they run."""
