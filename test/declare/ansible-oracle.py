"""What PyYAML, ast, shlex and (where it is installed) Ansible's own INI inventory make of texts.

Reads a JSON list of [kind, text] from standard input, and prints a JSON list: the value of each, or null where it is refused.
Kinds: yaml (as Ansible's loader reads it: JSON first), literal (a value of an INI inventory), words (of a host line), ini.
"""

import ast
import datetime
import json
import shlex
import sys
import warnings

import yaml

warnings.simplefilter("ignore")


class Loader(yaml.SafeLoader):
    pass


class Vault(str):
    pass


def scalar(kind):
    return lambda loader, node: kind(loader.construct_scalar(node))


def unsafe(loader, node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True)


Loader.add_constructor("!vault", scalar(Vault))
Loader.add_constructor("!vault-encrypted", scalar(Vault))
Loader.add_constructor("!unsafe", unsafe)


def told(value):
    if isinstance(value, Vault):
        return ["v", str(value)]
    if value is None:
        return ["n"]
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, int):
        return ["i", str(value)]
    if isinstance(value, float):
        return ["f", repr(value)]
    if isinstance(value, str):
        return ["s", value]
    if isinstance(value, datetime.datetime):
        return ["t", value.isoformat()]
    if isinstance(value, datetime.date):
        return ["t", value.isoformat()]
    if isinstance(value, dict):
        return ["m", sorted([told(k), told(v)] for k, v in value.items())]
    if isinstance(value, list):
        return ["l", [told(each) for each in value]]
    raise ValueError("another type")


def from_yaml(text):
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader)


def literal(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def ini(text):
    import os
    import tempfile

    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import inventory_loader

    with tempfile.NamedTemporaryFile("w", suffix=".ini", delete=False) as file:
        file.write(text)
    try:
        plugin = inventory_loader.get("ini")
        data = InventoryData()
        plugin.parse(data, DataLoader(), file.name)
        groups = {}
        for name, group in data.groups.items():
            groups[name] = {
                "hosts": sorted(host.name for host in group.hosts),
                "children": sorted(child.name for child in group.child_groups),
                "vars": group.vars,
            }
        hosts = {name: {k: v for k, v in host.vars.items() if not k.startswith("inventory_")} for name, host in data.hosts.items()}
        return {"groups": groups, "hosts": hosts}
    finally:
        os.unlink(file.name)


KINDS = {
    "yaml": from_yaml,
    "literal": literal,
    "words": lambda text: shlex.split(text, comments=True),
    "ini": ini,
}


def answer(kind, text):
    try:
        return told(KINDS[kind](text))
    except ImportError:
        raise
    except Exception:
        return None


print(json.dumps([answer(kind, text) for kind, text in json.load(sys.stdin)]))
