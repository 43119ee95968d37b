"""Texts of installed packages that our catalogue says for them; it wins over theirs (`LOCALE_PATHS`)."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from lmis.translations.extraction import Text, texts_of

# Files whose texts staff or callers see: we say what the package's own catalogue leaves in English.
BORROWED = {
    "unfold": ("*.py", "mixins/*.py", "templates/**/*.html", "contrib/filters/**/*"),
    "auditlog": ("apps.py", "models.py", "filters.py"),
    "rest_framework": ("exceptions.py", "fields.py", "serializers.py", "validators.py"),
}
# Where Django looks besides, of the apps that we have installed.
OF_DJANGO = ("conf", *(f"contrib/{app}" for app in ("admin", "auth", "contenttypes", "postgres", "sessions")))
# Said with names of types left in English.
OF_TYPES = (
    "Date has wrong format. Use one of these formats instead: {format}.",
    "Datetime has wrong format. Use one of these formats instead: {format}.",
    "Expected a date but got a datetime.",
    "Expected a datetime but got a date.",
    'Expected a list of items but got type "{input_type}".',
    "Invalid data. Expected a dictionary, but got {datatype}.",
)
# Said around the name of a model, which in Russian would have to be declined, or with a slip.
OF_MODELS = (
    "%(model_name)s with this %(field_labels)s already exists.",
    "%(model_name)s with this %(field_label)s already exists.",
    "%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?",
    "Add %(name)s",
    "Add %s",
    "Add another %(model)s",
    "Add another %(verbose_name)s",
    "Added {name} “{object}”.",
    'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? '
    "All of the following related items will be deleted:",
    "Cannot delete %(name)s",
    "Change %s",
    "Change selected %(model)s",
    "Changed {fields} for {name} “{object}”.",
    "Delete selected %(model)s",
    "Deleted {name} “{object}”.",
    "Deleting the %(object_name)s '%(escaped_object)s' would require deleting the following protected related objects:",
    "Deleting the %(object_name)s '%(escaped_object)s' would result in deleting related objects, "
    "but your account doesn't have permission to delete the following types of objects:",
    "Select %s",
    "Select %s to change",
    "Select %s to view",
    "The %(name)s “%(obj)s” was deleted successfully.",
    "The {name} “{obj}” was added successfully.",
    "The {name} “{obj}” was added successfully. You may add another {name} below.",
    "The {name} “{obj}” was changed successfully.",
    "The {name} “{obj}” was changed successfully. You may add another {name} below.",
    "The {name} “{obj}” was changed successfully. You may edit it again below.",
    "View %s",
    "View selected %(model)s",
    "Whether the user will be able to authenticate using a password or not. If disabled, they may still be able to "
    "authenticate using other backends, such as Single Sign-On or LDAP.",
)
# What they have in Russian, but we say it anew.
REWORDED = {"rest_framework": OF_TYPES, "django": OF_MODELS}


def borrowed(language: str) -> Iterator[tuple[str, Text]]:
    """The packages' texts that neither they nor Django have in this language, and those to be reworded."""
    for package, patterns in BORROWED.items():
        root = folder(package)
        known = known_of(language, root)
        for path in files(root, patterns):
            for text in texts_of(path):
                if not _translated(known, text):
                    yield path.relative_to(root.parent).as_posix(), text
    for package, messages in REWORDED.items():
        for message in messages:
            yield package, (0, message, [], None)


def known_of(language: str, package: Path) -> gettext.NullTranslations:
    """What this package and Django have in this language."""
    django = folder("django")
    found = gettext.NullTranslations()
    for place in (package, *(django / app for app in OF_DJANGO)):
        found.add_fallback(gettext.translation("django", place / "locale", [language], fallback=True))
    return found


def files(root: Path, patterns: tuple[str, ...]) -> list[Path]:
    """Every file under `root` that a pattern names, once."""
    return sorted({path for pattern in patterns for path in root.glob(pattern)})


def folder(package: str) -> Path:
    """Where an installed package lies."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _translated(known: gettext.NullTranslations, text: Text) -> bool:
    _line, message, _comments, context = text
    one, many = (message, message) if isinstance(message, str) else message[:2]
    if context:
        return known.npgettext(context, one, many, 1) != one
    return (known.gettext(one) if one == many else known.ngettext(one, many, 1)) != one
