// The rules of hygiene that name lints of zlint, held against those lints: on zlint's own test data and on what this
// project, kubeadm, cfssl and openssl make, both report the same, but for what is listed here with its reason.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkHygiene, HYGIENE_RULES } from '../../dist/checks/hygiene.js';
import { loadForeignReader } from '../../dist/x509/certificate-reader.js';
import { ipToBytes } from '../../dist/x509/ip.js';
import { attributeValues, COMMON_NAME_OID } from '../../dist/x509/model.js';
import { isVerifiable } from '../../dist/x509/signature.js';
import {
  cfsslCertificates,
  kubeadmCertificates,
  opensslCertificates,
  ourCertificates,
  zlintCertificates,
} from '../certificates.mjs';
import { run } from '../processes.mjs';

const ZLINT = 'zlint-3.7.3';

const RULES = HYGIENE_RULES.filter(({ zlint }) => zlint !== undefined);
const LINTS = [...new Set(RULES.flatMap(({ zlint }) => zlint))];

/** What zlint says of each certificate, in order: lint → result; `undefined` for what it cannot parse. */
function lint({ makeFolder, program }, certificates) {
  const folder = makeFolder();
  const paths = certificates.map(({ der }, index) => {
    const path = join(folder, `${index}.der`);
    writeFileSync(path, der);
    return path;
  });
  const reports = [];
  while (reports.length < paths.length) {
    // It ends at the first that it cannot parse.
    const { status, stdout } = run(program(ZLINT), [
      '-includeNames',
      LINTS.join(),
      ...paths.slice(reports.length),
    ]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    reports.push(...lines.map((line) => JSON.parse(line)), ...(status === 0 ? [] : [undefined]));
  }
  return reports;
}

const FIRES = ['info', 'warn', 'error', 'fatal'];

const commonNames = ({ subject }) => attributeValues(subject, COMMON_NAME_OID);
const dnsNames = ({ subjectAltName = [] }) => subjectAltName.filter(({ kind }) => kind === 'dns');
const isHost = (name) => ipToBytes(name) !== undefined || /^(?:\*\.)?[\w-]+(?:\.[\w-]+)+$/.test(name);
const isSelfIssued = ({ issuer, subject }) => Buffer.compare(issuer.der, subject.der) === 0;
const isCa = ({ basicConstraints }) => basicConstraints?.isCa === true;
const isServer = ({ extKeyUsage = ['serverAuth'] }) =>
  ['serverAuth', 'anyExtendedKeyUsage'].some((usage) => extKeyUsage.includes(usage));

/** Where zlint reports and no rule does. `of` is a pattern of lints; `is` gets the certificate, absent where it is refused. */
const LINT_ALONE = [
  { why: 'the reader refuses it', of: /./, is: (certificate) => certificate === undefined },
  {
    why: 'the lint looks at the common name, too',
    of: /^e_dnsname_/,
    is: (certificate) => commonNames(certificate).some((name) => !isHost(name)),
  },
  {
    why: 'a CA that names itself as issuer and was not signed by itself',
    of: /^e_ext_authority_key_identifier_no_key_identifier$/,
    is: (certificate) => isCa(certificate) && isSelfIssued(certificate),
  },
  {
    why: 'what is no server needs no subjectAltName',
    of: /^e_ext_san_missing$/,
    is: ({ extKeyUsage }) => extKeyUsage?.includes('serverAuth') !== true,
  },
  {
    why: 'Go verifies Ed25519 and RSASSA-PSS',
    of: /^e_signature_algorithm_not_supported$/,
    is: (certificate) => isVerifiable(certificate),
  },
  {
    why: 'a common name that is no host is an identity of Kubernetes, and hosts are compared without case (RFC 4343)',
    of: /^e_subject_common_name_not_(?:exactly_)?from_san$/,
    is: (certificate) =>
      commonNames(certificate).every(
        (name) =>
          !isHost(name) ||
          dnsNames(certificate).some(({ value }) => value.toLowerCase() === name.toLowerCase()),
      ),
  },
  {
    why: 'Go reads a PrintableString with * and &, and an empty one',
    of: /^e_subject_printable_string_badalpha$/,
    is: ({ subject }) => subject.attributes.every(({ value }) => /^[\w '()+,\-./:=?*&]*$/.test(value)),
  },
  {
    why: 'attributes that RFC 5280 does not have',
    of: /^e_subject_rdns_correct_encoding$/,
    is: ({ subject }) =>
      subject.attributes.some(({ oid }) =>
        /^(?:2\.5\.4\.(?:9|15|17|97)|1\.3\.6\.1\.4\.1\.311\..+)$/.test(oid),
      ),
  },
];

/** Where a rule reports and none of its lints does; `results` are those of its lints. */
const RULE_ALONE = [
  { why: 'no lint for its date', of: /./, is: (_, results) => results.includes('NE') },
  {
    why: 'the lints of the CA/B forum are for servers',
    of: /./,
    is: (certificate, results) => results.includes('NA') && !isServer(certificate),
  },
  {
    why: 'zlint takes labels that begin with - and are ?, and only looks at the characters of leaves',
    of: /^dns-name-unmatched$/,
    is: (certificate) =>
      isCa(certificate) || dnsNames(certificate).some(({ value }) => /(?:^|\.)[-?]/.test(value)),
  },
  {
    why: 'Go does not verify DSA',
    of: /signature-refused$/,
    is: ({ signatureAlgorithmOid }) => signatureAlgorithmOid === '2.16.840.1.101.3.4.3.2',
  },
];

/**
 * Rules and lints on one certificate: how many lints report what a rule reports, too, and what is reported by one side
 * alone as `[what, why]`, where `why` is absent for what has no reason.
 */
function compare({ certificate, codes, report }) {
  const resultOf = (name) => report[name]?.result ?? 'NA';
  const isFound = (name) => RULES.some(({ code, zlint }) => codes.has(code) && zlint.includes(name));
  const reported = LINTS.filter((name) => FIRES.includes(resultOf(name)));
  const lintsAlone = reported
    .filter((name) => !isFound(name))
    .map((name) => [
      `zlint reports ${name}`,
      LINT_ALONE.find(({ of, is }) => of.test(name) && is(certificate))?.why,
    ]);
  const rulesAlone = RULES.filter(
    ({ code, zlint }) => codes.has(code) && !zlint.some((name) => reported.includes(name)),
  ).map(({ code, zlint }) => [
    `${code} is reported`,
    RULE_ALONE.find(({ of, is }) => of.test(code) && is(certificate ?? {}, zlint.map(resultOf)))?.why,
  ]);
  return { agreed: reported.length - lintsAlone.length, differences: [...lintsAlone, ...rulesAlone] };
}

async function read(der) {
  const reader = await loadForeignReader();
  try {
    return reader.parse(der);
  } catch {
    return undefined;
  }
}

async function hold(context) {
  const certificates = [
    ...zlintCertificates(),
    ...(await ourCertificates()),
    ...kubeadmCertificates(),
    ...cfsslCertificates(context),
    ...opensslCertificates(context),
  ];
  const counts = new Map();
  const count = (what, number = 1) => counts.set(what, (counts.get(what) ?? 0) + number);
  const failures = [];
  for (const [index, report] of lint(context, certificates).entries()) {
    const { name, der } = certificates[index];
    if (report === undefined) {
      count('certificates that zlint cannot parse');
      continue;
    }
    const certificate = await read(der);
    const codes = new Set(checkHygiene({ path: name, der, certificate }).map(({ code }) => code));
    const { agreed, differences } = compare({ certificate, codes, report });
    count('reports of both', agreed);
    for (const [what, why] of differences) {
      if (why === undefined) failures.push(`${name}: ${what}`);
      else count(why);
    }
  }
  const unseen = [...LINT_ALONE, ...RULE_ALONE].filter(({ why }) => !counts.has(why));
  return {
    checks: certificates.length,
    failures: [...failures, ...unseen.map(({ why }) => `listed and never seen: ${why}`)],
    note: [...counts].map(([what, number]) => `${number} × ${what}`).join('; '),
  };
}

export const cases = [
  { id: "hygiene: rules and zlint's lints", needs: [ZLINT, 'cfssl-1.6.5'], requires: ['openssl'], run: hold },
];
