"""No models: Django asks an installed app for this module, the notebooks declare what is in it."""
