"""The exercise of lesson 04 about uploads: what the visitor's browser says of a file is not what the file is."""

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.forms_trial import checked, expect_form

LESSON = "04-forms"
PNG = b"\x89PNG\r\n\x1a\n"


class OnlyAPng(Exercise):
    """A photo is a PNG by its first eight bytes, and has at most 100,000 bytes.

    Its name and its content_type are the visitor's word. Afterwards the file can be read
    from its beginning.
    """

    id = "forms-upload"
    name = "PhotoForm"
    kind = "class"

    def stub():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self): ...

        return PhotoForm

    hints = (
        r'A PNG begins with b"\x89PNG\r\n\x1a\n"; an upload has read(8), seek(0) and size.',
        "Whoever reads eight bytes stands behind them: seek(0) goes back.",
        "clean_photo returns the file, or it is lost.",
    )

    def check(attempt):
        expect_form(attempt, ["photo"])
        small = PNG + b"0" * 100
        for name, kind, content, fine, nudge in (
            ("me.png", "image/png", small, True, "It is a PNG: a file gives bytes, and those equal bytes, as in b'…'."),
            ("me.png", "image/png", b"<svg onload='alert(1)'>", False, "Name and content_type are the visitor's word."),
            ("me.png", "image/png", PNG[:4] + b"0" * 100, False, "Only half of the eight bytes are those of a PNG."),
            ("me", "text/plain", small, True, "It is a PNG, whatever it is called."),
            ("me.png", "image/png", PNG + b"0" * 99_992, True, "100,000 bytes are allowed."),
            ("me.png", "image/png", PNG + b"0" * 99_993, False, "It has one byte too many: look at its size."),
        ):
            words = f"{name!r}, content_type {kind!r}, {len(content):,} bytes, beginning with {content[:4]!r}"
            form = attempt({}, {"photo": SimpleUploadedFile(name, content, kind)})
            errors = checked(form, words)
            if fine and errors:
                raise Incorrect(f"{words}: expected a valid form, got errors at {', '.join(errors)}. {nudge}".rstrip())
            if not fine and list(errors) != ["photo"]:
                raise Incorrect(f"{words}: expected an error at photo, got {', '.join(errors) or 'none'}. {nudge}")
            if fine:
                _expect_whole(form, words, content)
        if list(checked(attempt({}, {}), "no file")) != ["photo"]:
            raise Incorrect("no file: expected an error at photo, got none. Leave the field required.")
        return "six files and none: judged by their bytes and their size"

    @solution
    def by_its_bytes():
        from django import forms

        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                start = photo.read(8)
                photo.seek(0)
                if photo.size > 100_000 or start != b"\x89PNG\r\n\x1a\n":
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")
                return photo

        return PhotoForm

    @mistake("the visitor's word")
    def by_what_the_browser_says():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                if photo.content_type != "image/png" or photo.size > 100_000:
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")
                return photo

        return PhotoForm

    @mistake("one byte too many")
    def max_length_is_of_the_name():
        class PhotoForm(forms.Form):
            photo = forms.FileField(max_length=100_000)

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                start = photo.read(8)
                photo.seek(0)
                if start != PNG:
                    raise forms.ValidationError("A PNG, please.")
                return photo

        return PhotoForm

    @mistake("go back to its beginning")
    def read_and_left_there():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                if photo.read(8) != PNG or photo.size > 100_000:
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")
                return photo

        return PhotoForm

    @mistake("does clean_photo return it")
    def nothing_returned():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                start = photo.read(8)
                photo.seek(0)
                if start != PNG or photo.size > 100_000:
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")

        return PhotoForm

    @mistake("Only half of the eight bytes")
    def by_half_of_its_bytes():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                start = photo.read(8)
                photo.seek(0)
                if not start.startswith(b"\x89PNG") or photo.size > 100_000:
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")
                return photo

        return PhotoForm

    @mistake("wants the file")
    def the_bytes_returned():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                content = self.cleaned_data["photo"].read()
                if content[:8] != PNG or len(content) > 100_000:
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")
                return content

        return PhotoForm

    @mistake("those equal bytes")
    def text_for_bytes():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                start = photo.read(8)
                photo.seek(0)
                if start != "\x89PNG\r\n\x1a\n" or photo.size > 100_000:
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")
                return photo

        return PhotoForm

    @mistake("whatever it is called")
    def by_its_name_too():
        class PhotoForm(forms.Form):
            photo = forms.FileField()

            def clean_photo(self):
                photo = self.cleaned_data["photo"]
                start = photo.read(8)
                photo.seek(0)
                if not photo.name.endswith(".png") or start != PNG or photo.size > 100_000:
                    raise forms.ValidationError("A PNG of at most 100 kB, please.")
                return photo

        return PhotoForm


def _expect_whole(form, words, content):
    photo = (form.cleaned_data or {}).get("photo")
    if photo is None:
        raise Incorrect(f"{words}: the form is valid, and the file is lost: does clean_photo return it?")
    if not hasattr(photo, "read"):
        raise Incorrect(f"{words}: clean_photo returned {type(photo).__name__}, and whoever saves it wants the file.")
    if photo.read() != content:
        raise Incorrect(f"{words}: whoever saves the file now misses its first bytes: go back to its beginning.")
