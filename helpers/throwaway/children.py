"""What a throw-away project's child processes run: manage.py with its questions shown, and a look at the graph."""

SITE = "mysite"

# A terminal shows what is typed, a pipe does not: without the echo an answer would be missing from the text.
MANAGE = """
import builtins, runpy, sys
ask = builtins.input
def echo(prompt=""):
    typed = ask(prompt)
    print(typed)
    return typed
builtins.input = echo
runpy.run_path("manage.py", run_name="__main__")
"""

DJANGO_ADMIN = """
from django.core.management import execute_from_command_line
execute_from_command_line()
"""

GRAPH = f"""
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "{SITE}.settings"
import django
django.setup()
from django.db import connection
from django.db.migrations.loader import MigrationLoader
loader, app = MigrationLoader(connection), sys.argv[1]
leaves = set(loader.graph.leaf_nodes(app))
rows = []
for key in sorted(loader.graph.nodes):
    if key[0] == app:
        needs = sorted(parent.key[1] for parent in loader.graph.node_map[key].parents if parent.key[0] == app)
        rows.append([key[1], needs, key in loader.applied_migrations, key in leaves])
print(json.dumps(rows))
"""
