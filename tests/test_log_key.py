"""The private key: made once in a data folder, for its keeper's eyes alone, or given by the environment; its origin stays."""

import os
import threading
from pathlib import Path

import pytest

from db.log_key import FILE, NEXT, CannotSignError, Keyring
from db.signed_note import PrivateKey


def test_a_data_folder_gets_a_key_once_that_others_cannot_read(tmp_path: Path) -> None:
    assert Keyring(tmp_path, {}).key() is None
    assert not (tmp_path / FILE).exists()
    key = Keyring(tmp_path, {}).made()
    assert key
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / FILE).read_text("utf-8") == key.text() + "\n"
    assert Keyring(tmp_path, {}).made() == Keyring(tmp_path, {}).key() == key
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_whoever_makes_it_at_once_gets_the_same(tmp_path: Path) -> None:
    made: list[PrivateKey | None] = []
    threads = [threading.Thread(target=lambda: made.append(Keyring(tmp_path, {}).made())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused_in_words(tmp_path: Path, mode: int) -> None:
    Keyring(tmp_path, {}).made()
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(CannotSignError) as refusal:
        Keyring(tmp_path, {}).key()
    assert f"Others can read {tmp_path / FILE}" in str(refusal.value)
    assert f"its mode is {mode:04o}" in str(refusal.value)
    assert f"chmod 600 {tmp_path / FILE}" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "does not begin PRIVATE+KEY+"),
        ("secret", "does not begin PRIVATE+KEY+"),
        ("PRIVATE+KEY+opsc.example+00000000+c2VjcmV0", "is not whole"),
        ("PRIVATE+KEY+opsc.example+00000000+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", "contradicts itself"),
    ],
)
def test_a_file_that_holds_no_key_is_told_without_what_it_holds(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(CannotSignError) as refusal:
        Keyring(tmp_path, {}).key()
    assert str(refusal.value).startswith(f"{tmp_path / FILE} holds no key that can sign the log: it {sentence}")
    assert not text or text not in str(refusal.value)
    assert "AQAB" not in str(refusal.value)


def test_the_environment_comes_before_the_file_and_makes_none(tmp_path: Path) -> None:
    key = PrivateKey.new("opsc.example")
    ring = Keyring(tmp_path, {"OPSC_LOG_KEY": f" {key.text()}\n"})
    assert ring.made() == ring.key() == key
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CannotSignError, match="OPSC_LOG_KEY holds no key that can sign the log"):
        Keyring(tmp_path, {"OPSC_LOG_KEY": "something"}).key()
    assert Keyring(None, {}).made() is None


def test_a_new_key_is_of_the_origin_that_is_set_or_the_public_address_or_its_own() -> None:
    assert Keyring(None, {"OPSC_LOG_ORIGIN": "opsc.example/log"}, "https://a.example").new().name == "opsc.example/log"
    assert Keyring(None, {}, "https://opsc.example/").new().name == "opsc.example"
    assert Keyring(None, {}, "http://opsc.example:8000/record").new().name == "opsc.example:8000/record"
    assert Keyring(None, {}, "https://opsc.example/a+b").new().name.startswith("opsc-tracker/")
    own = {Keyring(None, {}).new().name for _ in range(2)}
    assert len(own) == 2
    assert all(name.startswith("opsc-tracker/") for name in own)


@pytest.mark.parametrize("origin", ["opsc example", "a+b", "a\nb", "a\u2003b", "x" * 201])
def test_an_origin_that_can_name_no_log_is_refused_in_words(origin: str) -> None:
    with pytest.raises(CannotSignError, match="cannot name a log: write it like"):
        Keyring(None, {"OPSC_LOG_ORIGIN": origin}).new()


def test_another_origin_than_the_logs_is_refused_in_words_and_another_address_is_not(tmp_path: Path) -> None:
    key = Keyring(tmp_path, {}, "https://opsc.example").made()
    assert Keyring(tmp_path, {}, "https://moved.example").made() == key
    with pytest.raises(
        CannotSignError, match=r"OPSC_LOG_ORIGIN is moved\.example, but this log's origin is opsc\.exam"
    ):
        Keyring(tmp_path, {"OPSC_LOG_ORIGIN": "moved.example"}).made()


def test_a_rotation_replaces_the_file_when_it_counts_and_not_before(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, {})
    old = ring.made()
    assert old
    given_up = ring.replacing(old.name)
    new = ring.replacing(old.name)  # once more, after one that was given up
    assert new.name == old.name
    assert len({old, given_up, new}) == 3
    assert (tmp_path / NEXT).stat().st_mode & 0o777 == 0o600
    assert ring.key(str(old.public)) == old
    assert ring.key(str(new.public)) == new  # the log's key is the new one: the rotation was cut short after that
    assert ring.key(str(new.public)) == ring.key() == new
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    following = ring.replacing(new.name)
    ring.replaced()
    assert ring.key() == following


def test_a_key_in_the_place_of_a_lost_one_is_found_though_it_was_cut_short(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, {})
    new = ring.replacing("opsc.example")
    assert ring.key(str(PrivateKey.new("opsc.example").public)) is None  # not the log's yet
    assert ring.key(str(new.public)) == new
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")
def test_what_root_makes_in_somebodys_folder_is_theirs(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    assert Keyring(tmp_path, {}).made()
    told = (tmp_path / FILE).stat()
    assert (told.st_uid, told.st_gid, told.st_mode & 0o777) == (12345, 12346, 0o600)
