"""`manage.py load_conference`: the conference in any database that the settings name, PostgreSQL included."""

from django.core.management.base import BaseCommand

from helpers.conference import generator, loader


class Command(BaseCommand):
    help = "Replace the conference in a migrated database by a fresh one."

    def add_arguments(self, parser):
        parser.add_argument("--size", choices=generator.SIZES, default="small")
        parser.add_argument("--database", default="default")

    def handle(self, *, size, database, **options):
        counts = loader.load(size, using=database)
        self.stdout.write(", ".join(f"{count:,} {name}" for name, count in counts.items()))
