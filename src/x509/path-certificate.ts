import { KEY_ALGORITHMS } from './algorithms.ts';
import { DerError, DerFields, decodeInteger, parseDer, parseDerElements, TAG } from './der.ts';
import { EXTENSION_OIDS } from './extensions.ts';
import { algorithmOfSpki, describeKey } from './keys.ts';
import type { Certificate, Extension, GeneralName } from './model.ts';
import { NAME_CONSTRAINTS_OID } from './name-constraints.ts';
import { faultOfName } from './name-strings.ts';
import { decodeSubjectPublicKey } from './outline.ts';
import {
  asksForPolicy,
  AUTHORITY_INFO_ACCESS_OID,
  faultOfExtension,
  INHIBIT_ANY_POLICY_OID,
  OTHER_EXTENSIONS,
  POLICY_CONSTRAINTS_OID,
} from './path-extensions.ts';
import { isSelfIssued, nameOf, type PathProblem, type PathRuleId } from './path-rules.ts';
import { publicKeyOf } from './signature.ts';

/** The extensions that Go's crypto/x509 understands, and that may therefore be critical, as far as that is concerned. */
export const UNDERSTOOD_OIDS: ReadonlySet<string> = new Set([
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
  const asOf = `looked at as of ${at.toISOString()}`;
  if (at.getTime() < notBefore.getTime())
    return [['validity', `is not valid before ${notBefore.toISOString()}, ${asOf}`]];
  if (at.getTime() <= notAfter.getTime()) return [];
  // Certificates know whole seconds, and the last one belongs to the period (RFC 5280 4.1.2.5).
  const rule = at.getTime() < notAfter.getTime() + 1000 ? 'validity-in-go' : 'validity';
  return [[rule, `expired at ${notAfter.toISOString()}, ${asOf}`]];
}

function checkVersion({ version }: Certificate): readonly Finding[] {
  return version === 3 ? [] : [['version', `is of version ${version}, where 3 is expected`]];
}

/** What is wrong with a public key, as the rule it breaks; `key-kind`: nothing signed with it counts. */
export function weaknessOfKey(spkiDer: Uint8Array): Finding | undefined {
  const algorithm = algorithmOfSpki(spkiDer);
  const refused: Finding = ['key-kind', `has a key that is not taken: ${describeKey(spkiDer)}`];
  if (algorithm !== undefined && KEY_ALGORITHMS[algorithm].family !== 'rsa')
    // Of EC, whether its point is on the curve.
    return publicKeyOf(spkiDer) === undefined ? refused : undefined;
  const bits = rsaBits(spkiDer);
  if (bits === undefined || bits < 1024 || bits > 8192) return refused;
  return bits < 2048 ? ['key-size', `has an RSA key of ${bits} bits, where 2048 are expected`] : undefined;
}

/** The length of an RSA modulus, where Go takes the key: parameters NULL, an odd exponent of at most 31 bits, not 1. */
function rsaBits(spkiDer: Uint8Array): number | undefined {
  const head = new DerFields(parseDer(spkiDer)).required(TAG.sequence);
  if (Buffer.from(head.der).toString('hex') !== KEY_ALGORITHMS['RSA-2048'].keyAlgorithmHex) return undefined;
  try {
    assertPositive(decodeSubjectPublicKey(parseDer(spkiDer)));
    const { modulusLength, publicExponent = 0n } = publicKeyOf(spkiDer)?.asymmetricKeyDetails ?? {};
    const isTaken = publicExponent > 2n && publicExponent < 2n ** 31n && publicExponent % 2n === 1n;
    return isTaken ? modulusLength : undefined;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** @throws {DerError} where a number of an RSAPublicKey (RFC 8017 A.1.1) is negative, which OpenSSL does not mind. */
function assertPositive(rsaPublicKey: Uint8Array): void {
  for (const number of parseDerElements(parseDer(rsaPublicKey), TAG.sequence))
    if ((decodeInteger(number)[0] ?? 0) > 0x7f) throw new DerError('a number of an RSA key is negative');
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
  for (const [field, { der }] of Object.entries({ issuer, subject })) {
    const fault = faultOfName(der);
    if (fault !== undefined) findings.push(['malformed-name', `has in its ${field} ${fault}`]);
  }
  if (issuer.attributes.length === 0) findings.push(['empty-name', 'has an empty issuer']);
  const isNamedApart = extensions.some(
    ({ oid, critical }) => critical && oid === EXTENSION_OIDS.subjectAltName,
  );
  if (subject.attributes.length === 0 && (basicConstraints?.isCa === true || !isNamedApart))
    findings.push(['empty-name', 'has an empty subject']);
  return findings;
}

function checkExtension(certificate: Certificate, extension: Extension): readonly Finding[] {
  const { subjectAltName = [] } = certificate;
  const { oid, critical, der } = extension;
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
  const fault = faultOfExtension(certificate, extension);
  if (fault !== undefined)
    findings.push(['malformed-extension', `has the extension ${oid}, which cannot be read: ${fault}`]);
  else if (oid === POLICY_CONSTRAINTS_OID && asksForPolicy(der))
    findings.push(['policy', 'asks for an explicit certificate policy']);
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
