import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Attendee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("registered_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="Speaker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("bio", models.TextField(blank=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[("real", "real"), ("generated", "generated")], default="generated", max_length=9
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("seats", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("seats__gte", 1)), name="room_seats_at_least_1")
                ],
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("company", models.CharField(blank=True, max_length=80)),
                ("website", models.URLField(blank=True)),
                ("years_with_django", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("speaker", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="conference.speaker")),
            ],
            options={
                "ordering": ["speaker"],
            },
        ),
        migrations.CreateModel(
            name="Speaking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.PositiveSmallIntegerField(default=1)),
                (
                    "speaker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="appearances", to="conference.speaker"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "speaking",
                "ordering": ["talk", "order"],
            },
        ),
        migrations.CreateModel(
            name="Talk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120)),
                ("slug", models.SlugField(max_length=120, unique=True)),
                ("abstract", models.TextField(blank=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("keynote", "Keynote"),
                            ("talk", "Talk"),
                            ("panel", "Panel"),
                            ("tutorial", "Tutorial"),
                            ("lightning", "Lightning talk"),
                        ],
                        default="talk",
                        max_length=9,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("minutes", models.PositiveSmallIntegerField(default=30)),
                (
                    "origin",
                    models.CharField(
                        choices=[("real", "real"), ("generated", "generated")], default="generated", max_length=9
                    ),
                ),
                ("room", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="conference.room")),
                (
                    "speakers",
                    models.ManyToManyField(
                        related_name="talks", through="conference.Speaking", to="conference.speaker"
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "room", "id"],
            },
        ),
        migrations.AddField(
            model_name="speaking",
            name="talk",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="conference.talk"),
        ),
        migrations.CreateModel(
            name="Rating",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stars",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ]
                    ),
                ),
                ("created", models.DateTimeField(default=django.utils.timezone.now)),
                ("attendee", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="conference.attendee")),
                (
                    "talk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ratings", to="conference.talk"
                    ),
                ),
            ],
            options={
                "ordering": ["-created", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="talk",
            constraint=models.UniqueConstraint(fields=("room", "starts_at"), name="one_talk_per_room_and_start"),
        ),
        migrations.AddConstraint(
            model_name="talk",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__range", (5, 240))), name="talk_minutes_5_to_240"
            ),
        ),
        migrations.AddConstraint(
            model_name="speaking",
            constraint=models.UniqueConstraint(fields=("talk", "speaker"), name="speaker_once_per_talk"),
        ),
        migrations.AddConstraint(
            model_name="speaking",
            constraint=models.UniqueConstraint(fields=("talk", "order"), name="one_speaker_per_place"),
        ),
        migrations.AddConstraint(
            model_name="rating",
            constraint=models.UniqueConstraint(fields=("talk", "attendee"), name="one_rating_per_talk_and_attendee"),
        ),
        migrations.AddConstraint(
            model_name="rating",
            constraint=models.CheckConstraint(condition=models.Q(("stars__range", (1, 5))), name="stars_1_to_5"),
        ),
    ]
