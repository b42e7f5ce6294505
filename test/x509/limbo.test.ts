import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { isPkiError } from '../../src/errors.ts';
import { type CertificateReader, loadForeignReader } from '../../src/x509/certificate-reader.ts';
import type { Certificate } from '../../src/x509/model.ts';
import { PATH_RULES } from '../../src/x509/path-rules.ts';
import { type PathValidation, validatePath } from '../../src/x509/path.ts';
import { parsePemBlocks } from '../../src/x509/pem.ts';

interface Case {
  readonly id: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  /** Null: now. Every such case holds from 1970 to 2969. */
  readonly validation_time: string | null;
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly extended_key_usage: readonly string[];
  readonly expected_peer_name: { readonly value: string } | null;
  readonly max_chain_depth: number | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
}

const { testcases }: { readonly testcases: readonly Case[] } = JSON.parse(
  readFileSync('fixtures/x509-limbo/limbo.json', 'utf8'),
);

/** Chains that the suite wants refused and that are accepted here: why, and which. */
const WAIVED = {
  'there is no revocation in Kubernetes: its components read no CRL': [
    'crl::revoked-certificate-with-crl',
    'crl::crlnumber-missing',
    'crl::crlnumber-critical',
    'crl::issuer-missing-crlsign',
  ],
  'CABF 7.1.4.3 ties the common name to subjectAltName; in Kubernetes it is the name of a user and no host': [
    'webpki::cn::ipv4-hex-mismatch',
    'webpki::cn::ipv4-leading-zeros-mismatch',
    'webpki::cn::ipv6-uppercase-mismatch',
    'webpki::cn::ipv6-uncompressed-mismatch',
    'webpki::cn::ipv6-non-rfc5952-mismatch',
    'webpki::cn::punycode-not-in-san',
    'webpki::cn::utf8-vs-punycode-mismatch',
    'webpki::cn::not-in-san',
    'webpki::cn::case-mismatch',
  ],
  'CABF 7.1.2 narrows what RFC 5280 4.2.1.1, 4.2.1.6 and 4.2.1.12 allow in certificates of the public web': [
    'webpki::aki::root-with-aki-all-fields',
    'webpki::eku::ee-anyeku',
    'webpki::eku::ee-critical-eku',
    'webpki::eku::root-has-eku',
    'webpki::san::san-critical-with-nonempty-subject',
  ],
  'CABF 3.2.2.6 knows public suffixes; a private PKI has none': [
    'webpki::san::public-suffix-wildcard-san',
    'webpki::san::public-suffix-multi-label-wildcard-san',
  ],
} as const;

/** What speaks against each of the other chains: rules, or the field of a certificate that cannot be read. */
const REFUSED_BY: Readonly<Record<string, readonly string[]>> = {
  'authority-key-identifier': [
    'rfc5280::aki::intermediate-missing-aki',
    'rfc5280::aki::cross-signed-root-missing-aki',
  ],
  'authority-key-identifier, host, version': ['webpki::v1-cert'],
  'authority-key-identifier, issuer-absent': ['rfc5280::chain-untrusted-root'],
  'authority-key-identifier, issuer-absent, subject-key-identifier': [
    'pathological::pathological-chain-distinct-subject-distinct-key',
    'pathological::pathological-chain-distinct-subject-same-key',
  ],
  'authority-key-identifier, limit, subject-key-identifier': [
    'pathological::pathological-chain-same-subject-distinct-key',
  ],
  'always-critical, ca-only': ['rfc5280::nc::not-allowed-in-ee-noncritical'],
  'always-critical, policy': ['rfc5280::pc::ica-noncritical-pc'],
  'basic-constraints, ca-only': ['rfc5280::intermediate-ca-without-ca-bit'],
  'ca-only': ['rfc5280::leaf-ku-keycertsign'],
  'cert-sign': ['rfc5280::root-inconsistent-ca-extensions'],
  'critical-extension': [
    'rfc5280::unknown-critical-extension-ee',
    'rfc5280::unknown-critical-extension-root',
  ],
  'empty-name': ['rfc5280::san::noncritical-with-empty-subject'],
  'empty-name, issuer-name': ['rfc5280::ee-empty-issuer'],
  host: [
    'rfc5280::san::ip-in-dns',
    'webpki::san::mismatch-domain-san',
    'webpki::san::mismatch-subdomain-apex-san',
    'webpki::san::wildcard-not-in-leftmost-san',
    'webpki::san::wildcard-match-across-labels-san',
    'webpki::san::san-wildcard-only',
    'webpki::san::san-wildcard-only-tld',
  ],
  // The names of these two are directory names alone, and the suite asks for a host all the same.
  'host, name-constraints': [
    'rfc5280::nc::permitted-dn-match-subject-san-mismatch',
    'rfc5280::nc::excluded-dn-match-sub-mismatch',
  ],
  // Two of these are about a CA that the case forgets to send along.
  'issuer-absent': [
    'pathological::intermediate-cycle-distinct-cas',
    'pathological::intermediate-cycle-distinct-cas-max-depth',
    'pathological::intermediate-cycle-same-logical-ca',
    'rfc5280::intermediate-ca-missing-basic-constraints',
    'rfc5280::ica-ku-keycertsign',
    'webpki::cryptographydotio-chain-missing-intermediate',
  ],
  'key-kind': ['webpki::forbidden-p192-root'],
  'key-size': ['webpki::forbidden-weak-rsa-key-in-root'],
  limit: ['pathological::nc-dos-2'],
  'name-constraints': [
    'cve::cve-2025-61727',
    'rfc5280::nc::excluded-dns-match',
    'rfc5280::nc::excluded-dns-match-second',
    'rfc5280::nc::permitted-ip-mismatch',
    'rfc5280::nc::excluded-self-issued-leaf',
    'rfc5280::nc::invalid-dnsname-wildcard',
    'rfc5280::nc::invalid-ipv4-address',
    'rfc5280::nc::invalid-ipv6-address',
    'rfc5280::nc::invalid-email-address',
    'rfc5280::nc::intermediate-with-san-rejected-by-root-nc',
    'rfc5280::nc::restrictive-permits-in-intermediates-narrows',
    'rfc5280::nc::nc-permits-invalid-dns-san',
    'rfc5280::nc::nc-permits-invalid-email-san',
    'rfc5280::nc::nc-permits-email-literal-asterisk-rejects-user',
    'rfc5280::nc::nc-permits-email-literal-asterisk-rejects-subdomain',
    'rfc5280::nc::nc-permits-email-literal-double-asterisk-rejects-single',
    'rfc5280::nc::nc-forbids-othername',
    'webpki::nc::intermediate-permitted-excluded-subtrees-both-null',
  ],
  'negative-serial-number': ['rfc5280::serial::negative'],
  'path-length': [
    'pathlen::intermediate-violates-pathlen-0',
    'pathlen::intermediate-pathlen-too-long',
    'pathlen::max-chain-depth-1-exhausted',
  ],
  'serial-number': ['rfc5280::serial::too-long', 'rfc5280::serial::zero'],
  signature: ['rfc5280::mismatching-signature-algorithm'],
  subjectAltName: [
    'rfc5280::nc::nc-permits-invalid-ip-san',
    'rfc5280::san::malformed',
    'webpki::san::unicode-emoji-san',
  ],
  'subject-key-identifier': ['rfc5280::ski::intermediate-missing-ski'],
  validity: [
    'rfc5280::validity::expired-intermediate',
    'rfc5280::validity::expired-leaf',
    'rfc5280::validity::notbefore-fractional',
    'rfc5280::validity::expired-5-seconds',
    'rfc5280::validity::not-yet-valid-5-seconds',
  ],
};

/** A chain's validation, or the field because of which one of its certificates cannot be read. */
function validate(limbo: Case, reader: CertificateReader): PathValidation | string {
  const parse = (pem: string): Certificate => reader.parse(parsePemBlocks(pem)[0]?.der ?? new Uint8Array());
  const { expected_peer_name: peer, max_chain_depth: depth, validation_kind: kind } = limbo;
  try {
    return validatePath(parse(limbo.peer_certificate), {
      anchors: limbo.trusted_certs.map(parse),
      intermediates: limbo.untrusted_intermediates.map(parse),
      at: new Date(limbo.validation_time ?? '2026-06-29T00:00:00Z'),
      purpose: limbo.extended_key_usage[0] ?? (kind === 'SERVER' ? 'serverAuth' : 'clientAuth'),
      ...(peer === null ? {} : { host: peer.value }),
      ...(depth === null ? {} : { limits: { intermediates: depth } }),
    });
  } catch (error) {
    if (isPkiError(error, 'ERR_CERTIFICATE')) return error.detail.field;
    throw error;
  }
}

/** What speaks against a chain, as {@link REFUSED_BY} has it; nothing: it is accepted. */
function refusalsOf(validation: PathValidation | string): string {
  if (typeof validation === 'string') return validation;
  if (validation.valid !== undefined) return '';
  const rules = validation.others.flatMap(({ problems }) => problems.map(({ rule }) => rule));
  return [...new Set(rules)]
    .filter((rule) => PATH_RULES[rule].isRefused)
    .toSorted()
    .join(', ');
}

describe('the cases of x509-limbo', () => {
  let results: readonly (readonly [Case, PathValidation | string])[] = [];
  beforeAll(async () => {
    const reader = await loadForeignReader();
    results = testcases.map((limbo) => [limbo, validate(limbo, reader)]);
  });
  const accepted = (expected: Case['expected_result']): readonly string[] =>
    results
      .filter(([limbo, validation]) => limbo.expected_result === expected && refusalsOf(validation) === '')
      .map(([{ id }]) => id);

  test('that are to be accepted are, without exception', () => {
    const ids = testcases.filter((limbo) => limbo.expected_result === 'SUCCESS').map(({ id }) => id);
    expect(ids).toHaveLength(36);
    expect(accepted('SUCCESS')).toEqual(ids);
  });

  test('that are to be refused are, but for those waived with a reason, none of them of a group that binds', () => {
    const waived = Object.values(WAIVED).flat();
    expect(waived).toHaveLength(20);
    expect(accepted('FAILURE').toSorted()).toEqual(waived.toSorted());
    expect(waived.filter((id) => !/^(?:crl|webpki|online)::/.test(id))).toEqual([]);
  });

  test('are refused for what is wrong with them', () => {
    const refused = new Map<string, string[]>();
    for (const [{ id }, validation] of results) {
      const refusals = refusalsOf(validation);
      if (refusals !== '') refused.set(refusals, [...(refused.get(refusals) ?? []), id]);
    }
    expect(Object.fromEntries(refused)).toEqual(REFUSED_BY);
  });

  test('take next to no work, but for those made to run away, which end at the limits', () => {
    const work = results.flatMap(([{ id }, validation]) =>
      typeof validation === 'string' ? [] : [{ id, ...validation.work }],
    );
    expect(
      work.filter(({ issuersTried, nameComparisons }) => issuersTried > 10 || nameComparisons > 10),
    ).toEqual([
      { id: 'pathological::nc-dos-2', issuersTried: 1, nameComparisons: 249_917 },
      ...['distinct-subject-distinct-key', 'same-subject-distinct-key', 'distinct-subject-same-key'].map(
        (kind) => ({
          id: `pathological::pathological-chain-${kind}`,
          issuersTried: 100,
          nameComparisons: 0,
        }),
      ),
    ]);
  });
});
