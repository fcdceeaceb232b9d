"""Texts of documents where EHRs keep them: inline, presentedForm, Binary; whole or not at all."""

import base64

import pytest

from cds_service.fhir.attachments import LARGEST, attached_texts, html_text
from cds_service.fhir.record import Resource, record_from
from tests.policy.chart_notes import document, report

URL = "https://ehr.example/fhir/Binary/b1"


def encoded(text, charset="utf-8"):
    return base64.b64encode(text.encode(charset)).decode()


def attachment(text, kind="text/plain", charset="utf-8"):
    return {"contentType": kind, "data": encoded(text, charset)}


def note(*attachments, **more):
    return document("2026-04-12", id="n", content=[{"attachment": a} for a in attachments], **more)


def text_of(body, *others):
    resource = Resource(body)
    return attached_texts([resource], record_from("p1", [resource, *others])).get(resource.reference)


READ = {
    "plain text": note(attachment("In remission.\n")),
    "with a charset": note(attachment("In remission.", "text/plain; charset=ISO-8859-1", "latin-1")),
    "HTML": note(attachment("<html><head><title>x</title></head><body><p>In&nbsp;<b>remission</b>.</p></body></html>", "text/html")),
    "XHTML": note(attachment('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><p>In remission.<br/></p></body></html>', "application/xhtml+xml")),
    "text of XHTML that is not escaped": note(attachment("<html><body><p><![CDATA[In remission.]]></p></body></html>", "application/xhtml+xml")),
    "plain text before HTML": note(attachment("<p>other</p>", "text/html"), attachment("In remission.")),
    "HTML beside a PDF": note({"contentType": "application/pdf", "data": "JVBERi0="}, attachment("<p>In remission.</p>", "text/html")),
    "RTF": note(attachment(r"{\rtf1\ansi\f0 In {\b remission}.\par}", "text/rtf")),
    "RTF under the other name": note(attachment(r"{\rtf1\ansi In remission.}", "application/rtf")),
    "HTML before RTF": note(attachment(r"{\rtf1 other}", "application/rtf"), attachment("<p>In remission.</p>", "text/html")),
    "a report's own form": report("2026-04-12", presentedForm=[attachment("In remission.")]),
}  # fmt: skip


@pytest.mark.parametrize("body", READ.values(), ids=READ)
def test_plain_text_html_and_rtf_are_read(body):
    assert text_of(body).replace("\xa0", " ") == "In remission."


NOT_READ = {
    "a PDF": note({"contentType": "application/pdf", "data": encoded("In remission.")}),
    "no base64": note({"contentType": "text/plain", "data": "***"}),
    "not in its charset": note(
        {"contentType": "text/plain", "data": base64.b64encode(b"\xff\xfe\xff").decode()}
    ),
    "an unknown charset": note(
        {"contentType": "text/plain; charset=x-none", "data": encoded("In remission.")}
    ),
    "a text above 64 KiB": note(attachment("a" * (LARGEST + 1))),
    "binary under the name of text": note(attachment("a\0b")),
    "an address that was not read": note({"contentType": "text/plain", "url": URL}),
    "RTF that is none": note(attachment("In remission.", "text/rtf")),
    "nothing attached": document("2026-04-12", content=[]),
}


@pytest.mark.parametrize("body", NOT_READ.values(), ids=NOT_READ)
def test_what_is_no_text_or_too_large_is_not_read_and_never_cut(body):
    assert text_of(body) is None


def test_a_text_of_64_kib_is_read_to_its_end():
    assert text_of(note(attachment("a" * (LARGEST - 4) + " end"))).endswith(" end")


def test_a_binary_counts_for_the_address_at_which_it_was_read():
    body = {
        "resourceType": "Binary",
        "id": "b1",
        "contentType": "text/plain",
        "data": encoded("In remission."),
    }
    read = Resource(body, "fetched", URL)
    assert text_of(note({"contentType": "text/plain", "url": URL}), read) == "In remission."
    assert (
        text_of(note({"contentType": "text/plain", "url": "https://other.example/fhir/Binary/b1"}), read)
        is None
    )


def test_html_keeps_blocks_apart_and_leaves_scripts_and_styles_out():
    html = "<style>p{}</style><p>No VOD.<br>Relapse</p><ul><li>one</li><li>two</li></ul><script>x()</script><td>a</td><td>b</td>"
    assert html_text(html) == "No VOD.\nRelapse\n- one\n- two\na b"


def test_of_very_much_text_the_documents_given_first_are_read():
    many = [Resource(note(attachment("a" * LARGEST)) | {"id": f"n{i}"}) for i in range(8)]
    assert list(attached_texts(many, record_from("p1", many))) == [
        f"DocumentReference/n{i}" for i in range(6)
    ]


def test_a_document_that_a_newer_one_replaces_is_no_longer_read():
    old = Resource(document("2026-04-10", "In remission.", id="old"))
    target = {"reference": "DocumentReference/old"}
    new = Resource(document("2026-04-12", id="new", relatesTo=[{"code": "replaces", "target": target}]))
    adds = Resource(document("2026-04-12", id="new", relatesTo=[{"code": "appends", "target": target}]))
    assert [r.id for r in record_from("p1", [old, new]).of_type("DocumentReference")] == ["new"]
    assert [r.id for r in record_from("p1", [old, adds]).of_type("DocumentReference")] == ["new", "old"]


@pytest.mark.parametrize("unseen", [
    "<del>In CR.</del>", "<s>In CR.</s>", "<strike>In CR.</strike>", '<span style="text-decoration: line-through">In CR.</span>',
    '<div style="display:none"><div>In</div>CR.</div>', "<p hidden>In CR.</p>", '<span style="VISIBILITY: hidden">In CR.</span>',
])  # fmt: skip
def test_what_is_struck_out_or_hidden_is_not_read(unseen):
    assert html_text(f"<p>{unseen} Marrow pending.<br hidden> Seen.</p>") == "Marrow pending.\nSeen."


def test_a_document_that_its_author_withdrew_is_not_read():
    withdrawn = note(attachment("In remission.")) | {"docStatus": "entered-in-error"}
    held = record_from("p1", [Resource(note(attachment("x"))), Resource(withdrawn | {"id": "w"})])
    assert [r.id for r in held.of_type("DocumentReference")] == ["n"]
