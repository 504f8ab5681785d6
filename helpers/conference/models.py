"""The models of the conference, with the reverse names that the lessons need: some ours, some Django's default.

Left at Django's default on purpose, because lesson 02 is about them:
`room.talk_set` (looked up as `talk`), `talk.speaking_set` (looked up as `speaking`), `attendee.rating_set`
(looked up as `rating`) and the one-to-one `speaker.profile`, which not every speaker has.
Named by us: `speaker.talks`, `speaker.appearances`, `talk.ratings`.
Without an index on purpose, because lesson 01 reads query plans: `Talk.starts_at` and `Rating.stars`.
"""

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone


class Origin(models.TextChoices):
    """Whether a row is history or invention; the data cards say where the history comes from."""

    REAL = "real", "real"
    GENERATED = "generated", "generated"


class Room(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    seats = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=models.Q(seats__gte=1), name="room_seats_at_least_1")]

    def __str__(self):
        return self.name


class Speaker(models.Model):
    # Two people may share a name, so only the slug is unique.
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    bio = models.TextField(blank=True)
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.GENERATED)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("conference:speaker_detail", kwargs={"slug": self.slug})


class Profile(models.Model):
    speaker = models.OneToOneField(Speaker, on_delete=models.CASCADE)
    company = models.CharField(max_length=80, blank=True)
    website = models.URLField(blank=True)
    years_with_django = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["speaker"]

    def __str__(self):
        return f"Profile of {self.speaker}"


class Talk(models.Model):
    class Kind(models.TextChoices):
        KEYNOTE = "keynote", "Keynote"
        TALK = "talk", "Talk"
        PANEL = "panel", "Panel"
        TUTORIAL = "tutorial", "Tutorial"
        LIGHTNING = "lightning", "Lightning talk"

    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    abstract = models.TextField(blank=True)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.TALK)
    # PROTECT, where ratings CASCADE: a room that is in use cannot be deleted by accident.
    room = models.ForeignKey(Room, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=30)
    speakers = models.ManyToManyField(Speaker, through="Speaking", related_name="talks")
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.GENERATED)

    class Meta:
        ordering = ["starts_at", "room", "id"]
        constraints = [
            models.UniqueConstraint(fields=["room", "starts_at"], name="one_talk_per_room_and_start"),
            models.CheckConstraint(condition=models.Q(minutes__range=(5, 240)), name="talk_minutes_5_to_240"),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("conference:talk_detail", kwargs={"slug": self.slug})

    @property
    def ends_at(self):
        """The moment the talk ends (aware datetime)."""
        return self.starts_at + timedelta(minutes=self.minutes)


class Speaking(models.Model):
    """One speaker in one talk; `order` counts from 1, the first named speaks first."""

    talk = models.ForeignKey(Talk, on_delete=models.CASCADE)
    speaker = models.ForeignKey(Speaker, on_delete=models.CASCADE, related_name="appearances")
    order = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["talk", "order"]
        verbose_name_plural = "speaking"
        constraints = [
            models.UniqueConstraint(fields=["talk", "speaker"], name="speaker_once_per_talk"),
            models.UniqueConstraint(fields=["talk", "order"], name="one_speaker_per_place"),
        ]

    def __str__(self):
        return f"{self.speaker} in “{self.talk}”"


class Attendee(models.Model):
    name = models.CharField(max_length=80)
    email = models.EmailField(unique=True)
    registered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self):
        return self.name


class Rating(models.Model):
    talk = models.ForeignKey(Talk, on_delete=models.CASCADE, related_name="ratings")
    attendee = models.ForeignKey(Attendee, on_delete=models.CASCADE)
    stars = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["talk", "attendee"], name="one_rating_per_talk_and_attendee"),
            models.CheckConstraint(condition=models.Q(stars__range=(1, 5)), name="stars_1_to_5"),
        ]

    def __str__(self):
        return f"{self.stars} of 5 for “{self.talk}”"
