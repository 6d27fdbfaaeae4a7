"""Addresses in the shapes that the providers document, and what their names tell of a pooler."""

from __future__ import annotations

import re

import pytest

from portal.config.dsn import Dsn, DsnError, parse_dsn
from portal.config.parameters import USED
from tests.support import ROOT

POOLED = True
# The name of a direct address and one that tells nothing are treated alike: requests work through
# whatever is there, and what needs a session asks first (tests/db/test_pooling.py).
DIRECT = ASKED = False

SHAPES = [
    # Neon, and Koyeb, which is built on it
    ("ep-cool-a1b2-pooler.us-east-2.aws.neon.tech/main?sslmode=require", POOLED),
    ("ep-cool-a1b2-pooler.c-4.eu-central-1.aws.neon.tech/main?channel_binding=require", POOLED),
    ("ep-cool-a1b2-pooler.gwc.azure.neon.tech/main?sslmode=require", POOLED),
    ("ep-cool-a1b2.us-east-2.aws.neon.tech/main?sslmode=require", DIRECT),
    ("ep-cool-a1b2.us-east-2.aws.neon.tech/main?options=endpoint%3Dep-cool-a1b2", DIRECT),
    ("ep-snow-airij5ix-pooler.c-4.us-east-1.pg.koyeb.app/koyebdb?sslmode=require", POOLED),
    ("ep-snow-airij5ix.eu-central-1.pg.koyeb.app:5432/koyebdb", DIRECT),
    # Supabase: shared pooler by transactions, by sessions, pooler of one's own, direct
    ("aws-0-eu-central-1.pooler.supabase.com:6543/postgres", POOLED),
    ("aws-1-us-east-2.pooler.supabase.com:6543/postgres?pgbouncer=true", POOLED),
    ("aws-0-eu-central-1.pooler.supabase.com:5432/postgres", ASKED),
    ("db.abcdefghij.supabase.co:6543/postgres", POOLED),
    ("db.abcdefghij.supabase.co:5432/postgres", DIRECT),
    ("supabase-pooler:6543/postgres", POOLED),
    ("supavisor:5432/postgres", POOLED),
    ("learn.example.com:6543/postgres", ASKED),
    # Fly: managed, and an app of one's own
    ("pgbouncer.4xgz0jrpo1p2k8zn.flympg.net/fly-db", POOLED),
    ("pgbouncer.4xgz0jrpo1p2k8zn.flympg.net:5432/fly-db?sslmode=require", POOLED),
    ("direct.4xgz0jrpo1p2k8zn.flympg.net/fly-db", DIRECT),
    ("portal-db.flycast:5432/portal?sslmode=disable", ASKED),
    ("top2.nearest.of.portal-db.internal:5432/portal", ASKED),
    # the pooler beside the server, by its port
    ("shop.postgres.database.azure.com:6432/postgres?sslmode=require", POOLED),
    ("shop.postgres.database.azure.com:8432/postgres?sslmode=require", POOLED),
    ("shop.postgres.database.azure.com:5432/postgres?sslmode=require", DIRECT),
    ("10.31.0.5:6432/portal", POOLED),  # Cloud SQL or AlloyDB, private address
    ("34.90.12.7:6432/portal?sslmode=require", POOLED),
    ("10.31.0.5:5432/portal", ASKED),
    ("localhost/portal?host=/cloudsql/project:europe-west1:portal", ASKED),
    ("127.0.0.1:5432/portal?sslmode=disable", ASKED),  # an Auth Proxy of Cloud SQL, for one
    ("xyz-useast1-1.horizon.psdb.cloud:6432/postgres?sslmode=verify-full", POOLED),
    ("aws-us-east-1.pg.psdb.cloud:6432/postgres?sslrootcert=system", POOLED),
    (
        "xyz-useast1-1.horizon.psdb.cloud:5432/postgres?sslnegotiation=direct&sslmode=verify-full"
        "&sslrootcert=system",
        DIRECT,
    ),
    ("db-postgresql-fra1-9-do-user-1-0.b.db.ondigitalocean.com:25061/pool?sslmode=require", POOLED),
    ("private-db-do-user-1-0.b.db.ondigitalocean.com:25061/pool?sslmode=require", POOLED),
    ("db-do-user-1-0.b.db.ondigitalocean.com:25060/defaultdb?sslmode=require", DIRECT),
    ("p.43lmodgbqvdmlpbjirv22dfciu.db.postgresbridge.com:5431/mydb", POOLED),
    ("p.43lmodgbqvdmlpbjirv22dfciu.db.postgresbridge.com:5432/mydb", DIRECT),
    # Amazon
    ("the-proxy.proxy-c9akciq32rgw.us-east-1.rds.amazonaws.com:5432/portal", POOLED),
    ("reader.endpoint.proxy-c9akciq32rgw.eu-west-1.rds.amazonaws.com/portal", POOLED),
    ("the-proxy.proxy-c9akciq32rgw.cn-north-1.rds.amazonaws.com.cn/portal", POOLED),
    ("portal.c9akciq32rgw.us-east-1.rds.amazonaws.com:5432/portal", DIRECT),
    ("proxy-portal.c9akciq32rgw.us-east-1.rds.amazonaws.com:5432/portal", DIRECT),
    ("portal.cluster-c9akciq32rgw.us-east-1.rds.amazonaws.com/portal", DIRECT),
    ("portal.cluster-ro-c9akciq32rgw.us-east-1.rds.amazonaws.com/portal", DIRECT),
    # Railway
    ("pgbouncer.railway.internal:6432/railway", POOLED),
    ("pgbouncer.railway.internal:5432/railway", POOLED),
    ("postgres.railway.internal:5432/railway", ASKED),
    ("turntable.proxy.rlwy.net:42125/railway", ASKED),
    # Kubernetes operators: CloudNativePG, Crunchy's, Zalando's
    ("portal-pooler-rw:5432/app", POOLED),
    ("portal-pooler-rw.database.svc.cluster.local/app", POOLED),
    ("pooler-example-rw.database.svc/app", POOLED),
    ("portal-rw.database.svc/app", DIRECT),
    ("hippo-pgbouncer.postgres-operator.svc:5432/hippo", POOLED),
    ("hippo-primary.postgres-operator.svc:5432/hippo", ASKED),
    ("acid-minimal-cluster-pooler.default.svc.cluster.local/app", POOLED),
    ("acid-minimal-cluster.default.svc.cluster.local/app", ASKED),
    # Prisma Postgres, Xata, Tiger Cloud
    ("pooled.db.prisma.io:5432/postgres?sslmode=require", POOLED),
    ("db.prisma.io:5432/postgres?sslmode=require", DIRECT),
    ("h3k9v2-pooler.us-east-1.xata.sh/app?sslmode=require", POOLED),
    ("h3k9v2-rw.us-east-1.xata.sh/app?sslmode=require", DIRECT),
    ("h3k9v2.us-east-1.xata.sh/app?sslmode=require", ASKED),
    ("a1b2.c3d4.tsdb.cloud.timescale.com:39578/tsdb_transaction?sslmode=require", POOLED),
    ("a1b2.c3d4.tsdb.cloud.timescale.com:39578/tsdb?sslmode=require", ASKED),
    # whose pools have a port or a database of any name
    ("pg-portal-team.a.aivencloud.com:21699/defaultdb?sslmode=require", ASKED),
    ("postgresql-ab12-cd78.database.cloud.ovh.net:20184/defaultdb?sslmode=require", ASKED),
    ("a1b2c3d4-0000.pg.sdb.fr-par.scw.cloud:5432/portal?sslmode=require", ASKED),
    ("51.159.11.22:20918/rdb?sslmode=require", ASKED),
    ("us-west-2.db.thenile.dev:5432/portal", ASKED),
    ("dpg-d46am6q4d50c73cgrkv0-a/portal", ASKED),
    ("dpg-d46am6q4d50c73cgrkv0-a.oregon-postgres.render.com/portal", ASKED),
    ("ec2-52-1-2-3.compute-1.amazonaws.com:5432/d1a2b3", ASKED),
    # poolers of one's own
    ("pgbouncer:5432/portal", POOLED),
    ("portal_pgbouncer_1:5432/portal", POOLED),
    ("pgcat:6432/portal", POOLED),
    ("pgcat/portal", POOLED),
    ("odyssey:6432/portal", POOLED),
    ("odyssey:5432/portal", ASKED),
    ("db:5432/portal", ASKED),
    ("db:6432/portal", POOLED),
    ("localhost:6432/portal", POOLED),
    ("[::1]:6432/portal", POOLED),
    ("[2001:db8::7]:5432/portal", ASKED),
    ("%2Frun%2Fpostgresql:6432/portal", POOLED),
    ("%2Frun%2Fpgbouncer/portal", ASKED),
    ("/portal?host=/run/postgresql&port=6432", POOLED),
    ("/portal?host=/run/postgresql", ASKED),
    ("a.example:5432,b.example:6432/portal", POOLED),
    ("a.example,b.example:5433/portal?target_session_attrs=primary", ASKED),
    # what merely resembles one
    ("spooler.example.com/portal", ASKED),
    ("mypgbouncers.example.com/portal", ASKED),
    ("db.pooler.example.com/portal", ASKED),
    ("db.ondigitalocean.com.example:25061/portal", ASKED),
    # what the address itself says counts, whatever its name
    ("db:5432/portal?pgbouncer=true", POOLED),
    ("shop-pooler-rw.database.svc/app?pgbouncer=false", ASKED),
    ("10.31.0.5:6432/portal?pgbouncer=false", ASKED),
]


def parse(rest: str, variable: str = "DATABASE_URL") -> Dsn:
    return parse_dsn(f"postgresql://user:pw@{rest}", variable=variable)


def test_there_are_enough_of_them() -> None:
    assert len({rest for rest, _ in SHAPES}) == len(SHAPES) >= 57


@pytest.mark.parametrize(("rest", "pooled"), SHAPES, ids=[rest for rest, _ in SHAPES])
def test_what_a_name_tells(rest: str, pooled: bool) -> None:
    host, slash, more = rest.partition("/")
    for written in (rest, f"{host.upper()}{slash}{more}"):
        assert parse(written).pooled is pooled


def documented() -> list[tuple[str, bool]]:
    """The addresses of the table of providers in docs/SETTINGS.md, and whether they are pooled."""
    text = (ROOT / "docs" / "SETTINGS.md").read_text(encoding="utf-8")
    table = text.partition("### What to put where")[2].partition("###")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ")][1:]
    found = []
    for _, requests, migrations, told, _ in rows:
        by_name = "asked" not in told
        found += [(address, by_name) for address in re.findall(r"`(postgres\S*)`", requests)]
        found += [(address, False) for address in re.findall(r"`(postgres\S*)`", migrations)]
    return found


def test_the_table_of_providers_is_read_as_it_says() -> None:
    found = documented()
    assert len(found) >= 30
    for address, pooled in found:
        filled = address.replace(":PORT", ":21699")
        assert parse_dsn(filled, variable="DATABASE_URL").pooled is pooled, address


# libpq's own list, of version 18.
LIBPQ = (
    *("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth"),
    *("channel_binding", "connect_timeout", "client_encoding", "options", "application_name"),
    *("fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval"),
    *("keepalives_count", "tcp_user_timeout", "replication", "gssencmode", "sslmode", "requiressl"),
    *("sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslkeylogfile", "sslpassword"),
    *("sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "min_protocol_version"),
    *("max_protocol_version", "krbsrvname", "gsslib", "gssdelegation", "scram_client_key"),
    *("scram_server_key", "service", "servicefile", "target_session_attrs", "load_balance_hosts"),
    *("oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"),
)
# What bounds waits that the portal bounds itself, or belongs to Kerberos, which is never used.
WITHOUT_EFFECT = {
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    *("tcp_user_timeout", "sslcompression", "krbsrvname", "gsslib", "gssdelegation"),
}


@pytest.mark.parametrize("name", sorted(WITHOUT_EFFECT))
def test_what_has_no_effect_is_named(name: str) -> None:
    assert parse(f"db/app?{name}=1").ignored == (name,)


@pytest.mark.parametrize("name", sorted(set(LIBPQ) - USED - WITHOUT_EFFECT))
def test_no_other_parameter_of_libpq_is_dropped_in_silence(name: str) -> None:
    with pytest.raises(DsnError) as caught:
        parse(f"db/app?{name}=strange-value")
    told = str(caught.value)
    assert re.fullmatch(rf"DATABASE_URL has an? {name}, (which|and|a way) .*\.", told)
    assert "strange" not in told


@pytest.mark.parametrize(
    "query",
    [
        "client_encoding=UTF8",
        "gssencmode=prefer",
        "load_balance_hosts=disable",
        "max_protocol_version=latest",
        "replication=false",
        "sslcertmode=allow",
        "sslcertmode=disable&sslcert=/no/file",
        "sslsni=1",
    ],
)
def test_what_happens_anyway_may_be_asked_for(query: str) -> None:
    assert parse(f"db/app?{query}").server_settings == {"application_name": "portal"}


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        (
            "db:6432/app?options=-c%20jit%3Doff",
            "has options, which a pooler cannot carry: leave them out and set them for the role,"
            " with ALTER ROLE … SET.",
        ),
        (
            "db:6432/app?schema=learn",
            "has a schema other than public, which a pooler cannot carry: leave it out and set it"
            " for the role, with ALTER ROLE … SET search_path.",
        ),
        (
            "db/app?service=main",
            "has a service, and no service file is read: write host, user and database into the"
            " address.",
        ),
        (
            "db/app?host=db&hostaddr=10.0.0.1",
            "has a host and a hostaddr: keep the host, whose name the certificate is compared with,"
            " or the hostaddr alone.",
        ),
        (
            "ep-x-pooler.eu.aws.neon.tech/app?sslmode=verify-full&hostaddr=52.1.2.3",
            "has a host and a hostaddr: keep the host, whose name the certificate is compared with,"
            " or the hostaddr alone.",
        ),
        (
            "db/app?sslnegotiation=sometimes",
            "has an sslnegotiation that is none of postgres, direct.",
        ),
        (
            "db/app?ssl_min_protocol_version=SSLv3",
            "has an ssl_min_protocol_version that is none of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3.",
        ),
        (
            "db/app?ssl_max_protocol_version=TLSv1.1",
            "has an ssl_max_protocol_version below TLSv1.2, which is the least we speak.",
        ),
        (
            "db/app?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
            "has an ssl_min_protocol_version above its ssl_max_protocol_version.",
        ),
        ("db/app?sslcert=/no/file", "has an sslcert that is not a file here."),
        (
            "db/app?sslkey=/no/file",
            "has an sslkey without an sslcert, the certificate that it belongs to.",
        ),
    ],
)
def test_what_cannot_be_kept_has_its_sentence(rest: str, sentence: str) -> None:
    with pytest.raises(DsnError) as caught:
        parse(rest)
    assert str(caught.value) == f"DATABASE_URL {sentence}"


def test_an_address_alone_is_a_host() -> None:
    dsn = parse_dsn("postgresql:///app?hostaddr=10.0.0.1&user=u", variable="DATABASE_URL")
    assert dsn.hosts == ("10.0.0.1",)
