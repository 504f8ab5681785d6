"""An installed app without models of its own: models that a notebook declares live here (`app_label = "scratch"`)."""
