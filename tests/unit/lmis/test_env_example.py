"""`.env.example` names every setting that the code reads, and none that it does not."""

import itertools
import re

import environ
from django.conf import settings

READ = re.compile(r'\benv\.\w+\(\s*"([A-Z_]+)"')
NAMED = re.compile(r"^(#?)([A-Z_]+)=(.*)$", re.MULTILINE)


def example():
    return (settings.BASE_DIR / ".env.example").read_text()


def code():
    return (settings.BASE_DIR / "lmis" / "settings.py").read_text()


def test_example_and_settings_name_the_same():
    named = [name for _, name, _ in NAMED.findall(example())]
    assert sorted(named) == sorted(set(READ.findall(code())))


def test_every_setting_is_explained_in_the_line_above():
    lines = example().splitlines()
    bare = [line for above, line in itertools.pairwise(lines) if NAMED.match(line) and above[:2] != "# "]
    assert bare == []


def test_commented_values_are_the_defaults(monkeypatch):
    calls = re.findall(r'\benv\.(\w+)\(\s*"([A-Z_]+)",\s*default=(\d[\d *.]*|"[^"]*"|\[[^\]]*\]|False|True)', code())
    shown = {name: value for hidden, name, value in NAMED.findall(example()) if hidden}
    wrong = {}
    for cast, name, default in calls:
        if shown.get(name):
            value = getattr(environ.Env(), cast)  # reads the environment
            monkeypatch.setenv(name, shown[name])
            if value(name) != eval(default):
                wrong[name] = (shown[name], default)
    assert len(calls) > 25
    assert wrong == {}
