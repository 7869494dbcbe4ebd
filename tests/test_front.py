"""The page at /: what the record is and holds, for people; programs are led to /graphql."""

import html5lib
import httpx2

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_people_see_what_the_record_is_and_holds(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/", headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (answer.headers["vary"], "default-src 'none'" in answer.headers["content-security-policy"]) == (
        "Accept, Accept-Encoding",
        True,
    )
    html5lib.HTMLParser(strict=True).parse(answer.text)
    again = await client.get("/", headers={**BROWSER, "if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for shown in ("<dd>178</dd>", "<dd>140</dd>", "<dd>2,151</dd>", "of 24,920 pairs", "position 4,727 of the log"):
        assert shown in answer.text


async def test_programs_are_led_to_graphql_as_ever(client: httpx2.AsyncClient) -> None:
    for accept in ("*/*", "application/json"):
        answer = await client.get("/", headers={"accept": accept})
        assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")


async def test_every_link_of_the_front_page_leads_somewhere(client: httpx2.AsyncClient) -> None:
    page = html5lib.parse((await client.get("/", headers=BROWSER)).text, namespaceHTMLElements=False)
    links = {link.get("href") for link in page.iter("a")}
    assert len(links) > 12
    records = sorted(one for one in links if one.startswith("/r/"))
    assert (len(records), {"/r/StateParty:PHL", "/r/Section:IV.C"} <= {*records}) == (178 + 25, True)
    for link in [*sorted(one for one in links if one.startswith("/") and one not in records), *records[::30]]:
        async with client.stream("GET", link, headers=BROWSER) as answer:
            assert answer.status_code == 200, link
