"""Search terms: which words meet, what a document is found by, and the caps."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.authoring import search

# The forms of one word on each line. `search`'s docstring cites the shares that meet.
NORWEGIAN = """
    blåbærtur blåbærturen blåbærturer blåbærturene
    dokument dokumentet dokumenter dokumentene dokumentets
    løping løpingen
    løpe løper løpt løpte
    elev eleven elever elevene elevens
    lærer læreren lærere lærerne lærerens
    oppgave oppgaven oppgaver oppgavene
    vurdering vurderingen vurderinger vurderingene vurderings
    vurdere vurderer vurderte vurdert
    skole skolen skoler skolene skolens
    gruppe gruppen gruppa grupper gruppene
    hus huset husene husets
    bil bilen biler bilene bilens
    jente jenta jenter jentene
    bok boka boken
    barn barnet barna barnas
    kommentar kommentaren kommentarer kommentarene
    praktisk praktiske
    norsk norske norskt
    fin fint fine finere
    rapport rapporten rapporter rapportene
    plan planen planer planene
    planlegge planlegger planlagt
    planlegging planleggingen
    lese leser lest leste lesende
    skrive skriver skrev skrevet
    arbeid arbeidet arbeider arbeidene
    arbeide arbeidende
    bedrift bedriften bedrifter bedriftene bedriftens
    lærling lærlingen lærlinger lærlingene
    fag faget fagene fagets
    læringsmål læringsmålet læringsmålene
    møte møtet møter møtene
    bilde bildet bilder bildene
    kjøkken kjøkkenet kjøkkenene
    mulighet muligheten muligheter mulighetene
    ferdighet ferdigheter ferdighetene
    kurs kurset kursene
    student studenten studenter studentene
    uke uken uka uker ukene
    tur turen turer turene
    fjell fjellet fjellene
    sykkel sykkelen
    bruke bruker brukte brukt
    hjelpe hjelper hjulpet
    snakke snakker snakket
    undersøkelse undersøkelsen undersøkelser undersøkelsene
    erfaring erfaringer erfaringene
    vanskelig vanskelige vanskeligere
    viktig viktige viktigere viktigst
    klasse klassen klasser klassene
    prosjekt prosjektet prosjekter prosjektene
    sykepleier sykepleieren sykepleiere
    pasient pasienten pasienter pasientene
    maskin maskinen maskiner maskinene
    oppskrift oppskriften oppskrifter oppskriftene
    verktøy verktøyet verktøyene
    verksted verkstedet verksteder verkstedene
    sveise sveiser sveiste sveist
    sveising sveisingen
    bygge bygger bygde bygd
    bygning bygningen bygninger bygningene
    måle måler målte målt
    målinger måling målingen målingene
    samarbeid samarbeidet
    samtale samtalen samtaler samtalene
    veiledning veiledningen veiledninger
    veileder veilederen veiledere
    kunde kunden kunder kundene
    barnehage barnehagen barnehager barnehagene
    hånd hånden hånda
    teori teorien teorier teoriene
    tegning tegningen tegninger tegningene
    fortelle forteller fortalte
    historie historien historier historiene
    gutt gutten gutter guttene
    hest hesten hester hestene
    hund hunden hunder hundene
    katt katten katter kattene
    fisk fisken fisker fiskene
    stor stort store større
    rød rødt røde
    åpen åpent åpne
    ansvarlig ansvarlige
    sikkerhet sikkerheten
    helse helsen helsa
    tekst teksten tekster tekstene
    ord ordet ordene
    setning setningen setninger setningene
"""
ENGLISH = """
    document documents documented documenting
    group groups grouped
    goal goals
    learn learns learned learning
    write writes writing
    teach teaches teaching
    plan plans planned planning
    study studies studied studying
    story stories
    school schools
    picture pictures
    comment comments commented commenting
    assess assesses assessed assessing assessment assessments
    evaluate evaluates evaluated evaluating evaluation evaluations
    perform performs performed performing
    share shares shared sharing
    report reports reported reporting
    box boxes
    class classes
    run runs running
    quick quickly
    course courses
    user users
    image images
    note notes noted
    work works worked working
    test tests tested testing
    meeting meetings
    student students
    computer computers
    house houses
    horse horses
    use uses used using
    company companies
    teacher teachers
    create creates created creating
    discuss discusses discussed discussing
    file files filed
    week weeks
    page pages
    list lists listed listing
    search searches searched searching
    question questions
    answer answers answered
    activity activities
    safety safe
    describe describes described describing description descriptions
    explain explains explained explaining
    apprentice apprentices
    skill skills
    develop develops developed developing development
    project projects
    patient patients
    machine machines
    measure measures measured measuring measurement measurements
    recipe recipes
    tool tools
    customer customers
    change changes changed changing
    move moves moved moving
    close closes closed closing
    need needs needed needing
    start starts started starting
    invite invites invited inviting
    edit edits edited editing
    access accesses accessed
    history histories
    process processes processed processing
    service services
    language languages
    guide guides guided guiding
    approve approves approved approving
"""
# Words that look alike and are not one.
STRANGERS = """
    norm normal | hus hustru | lege legge | universe university | tre tredje | general generell | bilde bil | news new
    verk verden | log logic | organ organization | morgen mor | kommune kommunikasjon | test testament | ball ballett
    kontroll kontor | sol solid | salt salat | lære leir | sand sende | ski skive | policy police | art artikkel
"""


def pairs(table: str) -> list[tuple[str, str]]:
    return [pair for line in table.strip().splitlines() for pair in itertools.combinations(line.split(), 2)]


def meet(one: str, other: str) -> bool:
    return search.query_terms(one) == search.query_terms(other)


def found(q: str, *, title: str = "", tags: tuple[str, ...] = (), body: str = "") -> bool:
    wanted = search.query_terms(q)
    return bool(wanted) and set(wanted) <= set(search.terms(title, tags, body))


class TestOneKeyForAllForms:
    @pytest.mark.parametrize(("table", "share"), [(NORWEGIAN, 0.85), (ENGLISH, 0.96)])
    def test_most_pairs_of_forms_meet(self, table: str, share: float) -> None:
        met = [meet(*pair) for pair in pairs(table)]

        assert sum(met) / len(met) >= share

    @pytest.mark.parametrize("pair", [pair.strip() for pair in STRANGERS.replace("\n", "|").split("|") if pair.strip()])
    def test_strangers_do_not(self, pair: str) -> None:
        assert not meet(*pair.split())

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("blåbærturene", "BLÅBÆRTUR"),
            ("blåbærtur", "blabaertur"),
            ("løping", "loping"),
            ("Tromsø", "tromso"),
            ("café", "cafe\u0301"),
            ("Straße", "strasse"),
            ("læring", "lær\u00ading"),
            ("child's", "child"),
            ("ﬁsk", "fisk"),
        ],
    )
    def test_case_accents_and_keyboards_do_not_matter(self, one: str, other: str) -> None:
        assert meet(one, other)

    @given(st.text(min_size=1, max_size=100))
    def test_a_key_is_letters_and_digits_and_bounded(self, text: str) -> None:
        for key in search.terms(text, [], text):
            assert key.isalnum()
            assert 0 < len(key) <= search.LONGEST_WORD

    @given(st.text(max_size=60))
    def test_a_title_is_found_by_itself(self, title: str) -> None:
        try:
            wanted = search.query_terms(title)
        except search.TooManyWords:
            return
        assert set(wanted) <= set(search.terms(title, [], ""))
        assert search.title_hits(title, wanted) == len(wanted)

    @given(st.text(max_size=60))
    def test_a_key_is_its_own_key(self, text: str) -> None:
        for key in search.terms(text, [], ""):
            assert search.terms(key, [], "") == [key]


class TestFinding:
    def test_in_title_tags_and_text_whatever_the_language(self) -> None:
        body = "Vi skrev dokumentene på engelsk: «Our documents about hiking»."

        assert found("turer dokument", title="Blåbær", tags=("tur",), body=body)
        assert found("document blåbæret", title="Blåbær", tags=("tur",), body=body)
        assert not found("blåbær sykkel", title="Blåbær", tags=("tur",), body=body)

    def test_small_words_are_passed_over(self) -> None:
        assert found("reise til Oslo", body="En reise i Oslo")
        assert "og" not in search.terms("", ["og"], "du og jeg")

    def test_small_words_alone_find_titles(self) -> None:
        assert found("om oss", title="Om oss")
        assert found("og", title="Deg og meg")
        assert not found("og", body="Deg og meg")

    def test_numbers_are_words(self) -> None:
        assert found("2026", body="Planen for 2026/27")

    def test_a_word_beyond_any_length_is_cut_alike(self) -> None:
        assert found("x" * 100, body="x" * 100)

    @pytest.mark.parametrize("q", ["", "   ", "!?", "---", "\u0301"])
    def test_nothing_to_search_for(self, q: str) -> None:
        assert search.query_terms(q) == []

    def test_more_than_twenty_words_are_refused(self) -> None:
        words = [f"ord{number}" for number in range(21)]

        assert len(search.query_terms(" ".join(words[:20] * 2))) == 20
        with pytest.raises(search.TooManyWords):
            search.query_terms(" ".join(words))

    def test_title_hits_count_words_once(self) -> None:
        assert search.title_hits("Tur, turer og turen", search.query_terms("tur sykkel")) == 1


class TestTermsOfMarkdown:
    def test_what_is_not_seen_is_not_found(self) -> None:
        body = """
[lenke](https://skjult.no/sti "tittel") ![bilde](file:hemmelig) [a](<u r l>) [wiki](https://w.no/Oslo_(by))

[ref]: https://skjulted.no

```python
kode
```
"""
        keys = search.terms("", [], body)

        assert {"lenk", "bild", "wiki", "kod"} <= set(keys)
        assert not {"skjult", "hemm", "python", "https", "sti", "url"} & set(keys)

    def test_a_bare_address_is_found_by_its_host(self) -> None:
        keys = search.terms("", [], "Se https://www.nrk.no/nyheter/12345?a=b")

        assert "nrk" in keys
        assert "12345" not in keys

    def test_emphasis_entities_and_escapes_are_no_letters(self) -> None:
        assert search.terms("", [], "**sterk**_skrå_ bl&aring; \\*") == ["sterk", "skra", "bla"]


class TestCaps:
    def test_title_then_tags_then_the_most_frequent(self) -> None:
        assert search.terms("Tur", ["skog"], "elg bjørn bjørn tur") == ["tur", "skog", "bjorn", "elg"]

    def test_at_most_five_thousand(self) -> None:
        keys = search.terms("Tittel", [], " ".join(str(number) for number in range(10_000)))

        assert len(keys) == search.MOST_TERMS
        assert keys[0] == "tittel"

    def test_at_most_48_kib(self) -> None:
        keys = search.terms("Tittel", [], " ".join(f"{number}{'я' * 50}" for number in range(5_000)))

        assert sum(len(key.encode()) for key in keys) <= search.MOST_BYTES
        assert keys[0] == "tittel"

    @given(st.text(), st.lists(st.text(), max_size=5), st.text())
    def test_any_text_has_terms(self, title: str, tags: list[str], body: str) -> None:
        keys = search.terms(title, tags, body)

        assert len(keys) == len(set(keys)) <= search.MOST_TERMS

    @pytest.mark.parametrize(
        "unit", ["](", "[a](", "](a '", "[", "https://", "~~~\n", "&amp", "'s", "](()", "]: ", "a\u0301"]
    )
    @pytest.mark.timeout(20)  # where time grew with the square of the text, it would be hours
    def test_hostile_text_ends(self, unit: str) -> None:
        assert len(search.terms("", [], unit * (900 * 1024 // len(unit)))) <= search.MOST_TERMS
