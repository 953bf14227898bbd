"""The composition root: settings, adapters, activity objects, Workers."""
