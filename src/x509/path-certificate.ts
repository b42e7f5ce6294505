import { KEY_ALGORITHMS } from './algorithms.ts';
import {
  assertTag,
  type DerElement,
  DerError,
  DerFields,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from './der.ts';
import { EXTENSION_OIDS } from './extensions.ts';
import { algorithmOfSpki, describeKey } from './keys.ts';
import type { Certificate, Extension, GeneralName } from './model.ts';
import { NAME_CONSTRAINTS_OID } from './name-constraints.ts';
import { isSelfIssued, nameOf, type PathProblem, type PathRuleId } from './path-rules.ts';
import { publicKeyOf } from './signature.ts';

const AUTHORITY_INFO_ACCESS_OID = '1.3.6.1.5.5.7.1.1';
const POLICY_CONSTRAINTS_OID = '2.5.29.36';
const INHIBIT_ANY_POLICY_OID = '2.5.29.54';

function parseList(list: DerElement): void {
  for (const item of parseDerElements(list, TAG.sequence)) parseDerElements(item, TAG.sequence);
}

/** Whether policyConstraints hold requireExplicitPolicy (RFC 5280 4.2.1.11). */
function asksForPolicy(policyConstraints: DerElement): boolean {
  const fields = new DerFields(policyConstraints);
  const isAsked = fields.optional(implicitTag(0)) !== undefined;
  fields.optional(implicitTag(1));
  fields.end();
  return isAsked;
}

/** The extensions that Go understands and no reader here has read: what they throw a {@link DerError} for, Go cannot read. */
const OTHER_EXTENSIONS: ReadonlyMap<string, (value: DerElement) => unknown> = new Map([
  // cRLDistributionPoints, certificatePolicies, policyMappings.
  ['2.5.29.31', parseList],
  ['2.5.29.32', parseList],
  ['2.5.29.33', parseList],
  [AUTHORITY_INFO_ACCESS_OID, parseList],
  [POLICY_CONSTRAINTS_OID, asksForPolicy],
  [INHIBIT_ANY_POLICY_OID, (value) => assertTag(value, TAG.integer)],
]);

const UNDERSTOOD_OIDS: ReadonlySet<string> = new Set([
  ...Object.values(EXTENSION_OIDS),
  ...OTHER_EXTENSIONS.keys(),
  NAME_CONSTRAINTS_OID,
]);

const NEVER_CRITICAL_OIDS: ReadonlySet<string> = new Set([
  EXTENSION_OIDS.subjectKeyIdentifier,
  EXTENSION_OIDS.authorityKeyIdentifier,
  AUTHORITY_INFO_ACCESS_OID,
]);

const ALWAYS_CRITICAL_OIDS: ReadonlySet<string> = new Set([
  NAME_CONSTRAINTS_OID,
  POLICY_CONSTRAINTS_OID,
  INHIBIT_ANY_POLICY_OID,
]);

type Finding = readonly [rule: PathRuleId, message: string];

/**
 * Checks what RFC 5280 section 4 asks of every certificate of a path, whatever its place, and the key's strength.
 * Certificates that cannot be read at all (two extensions of a kind, DER that is none) have not come so far.
 */
export function checkCertificate(
  certificate: Certificate,
  { isAnchor, at }: { readonly isAnchor: boolean; readonly at: Date },
): readonly PathProblem[] {
  const weakness = weaknessOfKey(certificate.spkiDer);
  const findings: readonly Finding[] = [
    ...checkValidity(certificate, at),
    ...checkVersion(certificate),
    ...(weakness === undefined ? [] : [weakness]),
    ...checkSerialNumber(certificate, isAnchor),
    ...checkNames(certificate),
    ...certificate.extensions.flatMap((extension) => checkExtension(certificate, extension)),
    ...checkKeyIdentifiers(certificate, isAnchor),
    ...checkRole(certificate),
  ];
  return findings.map(([rule, message]) => ({
    rule,
    certificate,
    message: `${nameOf(certificate)} ${message}`,
  }));
}

function checkValidity({ notBefore, notAfter }: Certificate, at: Date): readonly Finding[] {
  // Certificates know whole seconds, and the last one belongs to the period (RFC 5280 4.1.2.5).
  const second = Math.floor(at.getTime() / 1000) * 1000;
  if (second < notBefore.getTime())
    return [
      ['validity', `is not valid before ${notBefore.toISOString()}, looked at as of ${at.toISOString()}`],
    ];
  if (second > notAfter.getTime())
    return [['validity', `expired at ${notAfter.toISOString()}, looked at as of ${at.toISOString()}`]];
  return [];
}

function checkVersion({ version }: Certificate): readonly Finding[] {
  return version === 3 ? [] : [['version', `is of version ${version}, where 3 is expected`]];
}

/** What is wrong with a public key, as the rule it breaks; `key-kind`: nothing signed with it counts. */
export function weaknessOfKey(spkiDer: Uint8Array): Finding | undefined {
  const algorithm = algorithmOfSpki(spkiDer);
  if (algorithm !== undefined && KEY_ALGORITHMS[algorithm].family !== 'rsa') return undefined;
  const bits = rsaBits(spkiDer);
  if (bits === undefined || bits < 1024 || bits > 8192)
    return ['key-kind', `has a key that is not taken: ${describeKey(spkiDer)}`];
  return bits < 2048 ? ['key-size', `has an RSA key of ${bits} bits, where 2048 are expected`] : undefined;
}

/** The length of an RSA modulus, where Go takes the key: parameters NULL, an odd exponent of at most 31 bits, not 1. */
function rsaBits(spkiDer: Uint8Array): number | undefined {
  const head = new DerFields(parseDer(spkiDer)).required(TAG.sequence);
  if (Buffer.from(head.der).toString('hex') !== KEY_ALGORITHMS['RSA-2048'].keyAlgorithmHex) return undefined;
  try {
    const { modulusLength, publicExponent = 0n } = publicKeyOf(spkiDer).asymmetricKeyDetails ?? {};
    const isTaken = publicExponent > 2n && publicExponent < 2n ** 31n && publicExponent % 2n === 1n;
    return isTaken ? modulusLength : undefined;
  } catch {
    return undefined;
  }
}

function checkSerialNumber({ serialHex }: Certificate, isAnchor: boolean): readonly Finding[] {
  if (/^[89a-f]/.test(serialHex)) return [['negative-serial-number', 'has a negative serial number']];
  // What makes an anchor one is its name and its key (RFC 5280 6.1.1 (d)); kubeadm's older CAs have serial 0.
  if (isAnchor) return [];
  if (serialHex === '00') return [['serial-number', 'has serial number 0']];
  const octets = serialHex.length / 2;
  return octets > 20 ? [['serial-number', `has a serial number of ${octets} octets`]] : [];
}

function checkNames({ issuer, subject, basicConstraints, extensions }: Certificate): readonly Finding[] {
  const findings: Finding[] = [];
  if (issuer.attributes.length === 0) findings.push(['empty-name', 'has an empty issuer']);
  const isNamedApart = extensions.some(
    ({ oid, critical }) => critical && oid === EXTENSION_OIDS.subjectAltName,
  );
  if (subject.attributes.length === 0 && (basicConstraints?.isCa === true || !isNamedApart))
    findings.push(['empty-name', 'has an empty subject']);
  return findings;
}

function checkExtension(
  { subjectAltName = [] }: Certificate,
  { oid, critical, der }: Extension,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (critical && !UNDERSTOOD_OIDS.has(oid))
    findings.push(['critical-extension', `has the critical extension ${oid}, which is not understood`]);
  if (critical && NEVER_CRITICAL_OIDS.has(oid))
    findings.push(['never-critical', `has the critical extension ${oid}, which must not be critical`]);
  if (!critical && ALWAYS_CRITICAL_OIDS.has(oid))
    findings.push(['always-critical', `has the extension ${oid}, which is not critical`]);
  if (oid === EXTENSION_OIDS.subjectAltName) {
    if (subjectAltName.length === 0) findings.push(['empty-name', 'has a subjectAltName without names']);
    if (critical && !subjectAltName.some(isKnownToGo))
      findings.push(['critical-in-go', 'has a critical subjectAltName without a name that Go knows']);
  }
  try {
    OTHER_EXTENSIONS.get(oid)?.(parseDer(der));
    if (oid === POLICY_CONSTRAINTS_OID && asksForPolicy(parseDer(der)))
      findings.push(['policy', 'asks for an explicit certificate policy']);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    findings.push([
      'malformed-extension',
      `has the extension ${oid}, which cannot be read: ${error.message}`,
    ]);
  }
  return findings;
}

function isKnownToGo({ kind, value }: GeneralName): boolean {
  return kind !== 'other' || /^(?:email|URI):/.test(value);
}

function checkKeyIdentifiers(certificate: Certificate, isAnchor: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  if (certificate.basicConstraints?.isCa === true && certificate.subjectKeyIdentifier === undefined)
    findings.push(['subject-key-identifier', 'is a CA without a subject key identifier']);
  const isSelfSigned = isAnchor && isSelfIssued(certificate);
  if (certificate.authorityKeyIdentifier === undefined && !isSelfSigned)
    findings.push(['authority-key-identifier', 'has no authority key identifier']);
  return findings;
}

function checkRole({ basicConstraints, keyUsage, extensions }: Certificate): readonly Finding[] {
  const isCritical = (oid: string): boolean | undefined =>
    extensions.find((one) => one.oid === oid)?.critical;
  if (basicConstraints?.isCa === true) {
    const isMarked = isCritical(EXTENSION_OIDS.basicConstraints);
    return isMarked === false
      ? [['always-critical', 'is a CA, and its basic constraints are not critical']]
      : [];
  }
  const findings: Finding[] = [];
  if (keyUsage?.includes('keyCertSign'))
    findings.push(['ca-only', 'is no CA and has the key usage keyCertSign']);
  if (basicConstraints?.pathLength !== undefined)
    findings.push(['ca-only', 'is no CA and has a path length']);
  if (isCritical(NAME_CONSTRAINTS_OID) !== undefined)
    findings.push(['ca-only', 'is no CA and has name constraints']);
  return findings;
}
