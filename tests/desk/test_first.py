def test_roster_opens(desk):
    t = desk.woman(20)
    c = desk.client()
    r = c.get(desk.url())
    assert r.status_code == 200
    assert f"{t}:booked:here" in r.text
