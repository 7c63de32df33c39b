from tests.architecture.draw import PICTURE, draw


def test_the_picture_shows_the_house_as_it_is_now() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(), "make architecture"
