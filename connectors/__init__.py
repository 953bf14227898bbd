"""The adapters to outside systems: manifests, the generic executors, and secrets."""
