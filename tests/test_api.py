"""The JSON API as other programs rely on it: names, dates, problems, and what it never does."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate as validate_openapi

from codegraph.app import openapi


def get(client: FlaskClient, url: str, status: int = 200) -> Any:
    response = client.get(url)
    assert response.status_code == status, response.text
    return response.get_json()


def test_search_answers_with_the_contracts_names(client: FlaskClient) -> None:
    found = get(client, "/api/v1/search?q=right forearm pain&limit=3")
    assert set(found) >= {
        "query", "on", "total", "took_ms", "results", "interpreted", "issues",
    }  # fmt: skip
    first = found["results"][0]
    assert (first["system"], first["code"], first["billable"]) == ("icd10cm", "M79.631", True)
    assert set(first) >= {"display", "score", "matched", "needs"}
    assert set(first["matched"]) == {"text", "kind"}
    assert set(found["interpreted"]) == {"corrections", "expansions"}
    assert len(found["results"]) == 3


def test_a_correction_is_told(client: FlaskClient) -> None:
    found = get(client, "/api/v1/search?q=pian in rigth forarm")
    assert {"from": "rigth", "to": "right"} in found["interpreted"]["corrections"]
    assert found["results"][0]["code"] == "M79.631"


def test_a_code_answers_with_the_contracts_names(client: FlaskClient) -> None:
    found = get(client, "/api/v1/codes/icd10cm/m79631")
    assert set(found) >= {
        "system", "code", "display", "billable", "valid", "edition", "parents", "children",
        "ancestors", "notes", "seventh_characters", "relationships", "rules", "source", "issues",
    }  # fmt: skip
    assert found["code"] == "M79.631"
    assert set(found["valid"]) >= {"from", "to"}
    inherited = [r for r in found["relationships"] if r["target"]["code"] == "M25.5"]
    assert inherited[0]["inherited_from"] == "icd10cm:M79.6"
    assert inherited[0]["type"] == "excludes2"
    assert inherited[0]["source"]["trace"] == "P"


def test_myofascial_pain_syndrome_stands_at_m79_1(client: FlaskClient) -> None:
    found = get(client, "/api/v1/codes/icd10cm/M79.1")
    assert "Myofascial pain syndrome" in found["notes"]["inclusion_terms"]
    assert [c["code"] for c in found["children"]] == ["M79.10", "M79.11", "M79.12", "M79.18"]


def test_the_date_of_service_decides(client: FlaskClient) -> None:
    assert get(client, "/api/v1/codes/icd10cm/M79.1?on=2018-09-15")["billable"] is True
    assert get(client, "/api/v1/codes/icd10cm/M79.1")["billable"] is False
    codes = {
        r["code"] for r in get(client, "/api/v1/search?q=J10&system=hcpcs&on=2024-03-01")["results"]
    }
    assert "J1040" in codes
    assert "J1010" not in codes


def test_validate_answers_in_order(client: FlaskClient) -> None:
    body = {"on": "2018-09-15", "codes": [{"system": "icd10cm", "code": "M79.1"}, {"code": "x"}]}
    found = client.post("/api/v1/validate", json=body).get_json()
    assert [r["verdict"] for r in found["results"]] == ["billable", "unknown"]
    assert set(found["results"][0]) >= {"system", "code", "verdict", "message", "suggestions"}


def test_a_path_answers_a_sentence_per_step(client: FlaskClient) -> None:
    found = get(client, "/api/v1/graph/path?from=icd10cm:M79.18&to=cpt:20553")
    assert [s["type"] for s in found["steps"]] == ["covered_by", "covers"]


def test_a_neighbourhood_is_node_link_json(client: FlaskClient) -> None:
    found = get(client, "/api/v1/graph/icd10cm/M79.1?depth=1")
    assert {"nodes", "edges", "directed", "multigraph"} <= set(found)


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("/api/v1/search?q=" + "x" * 10_000, 400, "at most 500"),
        ("/api/v1/search?q=x&limit=0", 400, "limit"),
        ("/api/v1/search?q=x&limit=ten", 400, "limit"),
        ("/api/v1/search?q=x&on=2026-02-30", 400, "YYYY-MM-DD"),
        ("/api/v1/search?q=x&on=tomorrow", 400, "YYYY-MM-DD"),
        ("/api/v1/search?q=x&billable=maybe", 400, "billable"),
        ("/api/v1/search?q=x&system=icd11", 404, "icd11"),
        ("/api/v1/codes/icd11/1A00", 404, "icd11"),
        ("/api/v1/codes/icd10cm/M99.ZZZ", 404, "M99"),
        ("/api/v1/codes/icd10cm/M79.6'; --", 400, "form"),
        ("/api/v1/codes/icd10cm/..%2F..%2Fetc%2Fpasswd", 400, "form"),
        ("/api/v1/codes/icd10cm/%00", 400, "form"),
        ("/api/v1/graph/icd10cm/M79.1?depth=99", 400, "depth"),
        ("/api/v1/graph/path?from=icd10cm:M79.18", 400, "to="),
        ("/api/v1/graph/path?from=x&to=y", 404, "form"),
        ("/api/v1/nothing", 404, ""),
    ],
)
def test_wrong_input_is_answered_by_a_problem_that_says_what_is_wrong(
    client: FlaskClient, url: str, status: int, words: str
) -> None:
    response = client.get(url)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert set(problem) >= {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert words in problem["detail"]


@pytest.mark.parametrize("path", ["rules", "rules/tpi-one-code-per-day", "payers"])
def test_a_date_that_is_none_is_refused_on_every_read(client: FlaskClient, path: str) -> None:
    problem = get(client, f"/api/v1/{path}?on=2026-02-30", 400)
    assert "2026-02-30" in problem["detail"]


@pytest.mark.parametrize("text", ["\0", "‮niap", "🦴 pain 🦵", "../../etc", "'; drop --", "%", "  "])
def test_strange_text_finds_something_or_nothing_but_never_fails(
    client: FlaskClient, text: str
) -> None:
    response = client.get("/api/v1/search", query_string={"q": text})
    assert response.status_code == 200


def test_a_method_that_is_not_allowed_says_which_is(client: FlaskClient) -> None:
    response = client.post("/api/v1/search")
    assert response.status_code == 405
    assert response.mimetype == "application/problem+json"
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"codes": 7}', b'{"cods": []}'])
def test_a_body_of_another_form_is_refused(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/v1/validate", data=body, content_type="application/json")
    assert response.status_code == 400


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    response = client.post("/api/v1/validate", data=b" " * 1_000_001)
    assert response.status_code == 413
    assert response.mimetype == "application/problem+json"


def test_no_request_text_reaches_a_log_or_a_metric(
    app: Flask,
    client: FlaskClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "smithjohn1962"
    service = app.extensions["codegraph"]

    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError(secret)

    with caplog.at_level(logging.DEBUG):
        client.get(f"/api/v1/search?q={secret}")
        client.get(f"/api/v1/codes/icd10cm/{secret}")
        monkeypatch.setattr(service, "search", fail)
        broken = client.get(f"/api/v1/search?q={secret}")
    assert broken.status_code == 500
    assert secret not in broken.text
    assert secret not in caplog.text
    assert "RuntimeError" in caplog.text, "the place of the mistake is logged"
    assert secret not in client.get("/metrics").text


def test_every_answer_forbids_what_a_page_does_not_need(client: FlaskClient) -> None:
    headers = client.get("/healthz").headers
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_health_and_readiness_are_two_questions(client: FlaskClient) -> None:
    assert get(client, "/healthz") == {"status": "ok"}
    assert get(client, "/readyz")["concepts"] > 98_000
    assert "codegraph_request_seconds" in client.get("/metrics").text


def test_the_openapi_document_is_valid_and_names_every_route(app: Flask) -> None:
    document = openapi.document()
    validate_openapi(document)
    routes = {
        str(rule).replace("<path:", "{").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/")
    }
    assert routes <= set(document["paths"])
