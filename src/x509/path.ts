import type { Certificate, ExtKeyUsage } from './model.ts';
import { checkNameConstraints } from './name-constraints.ts';
import { isGoodForHost } from './host-name.ts';
import { checkCertificate } from './path-certificate.ts';
import { isSelfIssued, nameOf, PATH_RULES, type PathProblem, type PathRuleId } from './path-rules.ts';
import { type Authorities, findPaths, type ProspectivePath } from './path-search.ts';

const ANY: ExtKeyUsage = 'anyExtendedKeyUsage';

/** What a path is to lead to, and what for. */
export interface PathOptions extends Authorities {
  readonly at: Date;
  /** An extended key usage as `Certificate` has it: `serverAuth`, a dotted OID. `anyExtendedKeyUsage`: whatever it is. */
  readonly purpose: string;
  /** The name or IP address that the leaf is to be good for. Absent: whatever its names are. */
  readonly host?: string;
  readonly limits?: Partial<PathLimits>;
}

export interface PathLimits {
  /** CAs between leaf and anchor, those not counted that have their own name as issuer. No limit by default. */
  readonly intermediates: number;
  /** Candidates whose key a signature is verified with: 100 by default, as in Go (crypto/x509, maxChainSignatureChecks). */
  readonly issuersTried: number;
  /** Of one name with one constraint: 250 000 by default, which takes a fraction of a second. */
  readonly nameComparisons: number;
}

const DEFAULT_LIMITS: PathLimits = Object.freeze({
  intermediates: Number.POSITIVE_INFINITY,
  issuersTried: 100,
  nameComparisons: 250_000,
});

/** Certificates from the leaf upwards, each signed by the next, with the rules that they break. */
export interface CertificationPath {
  readonly certificates: readonly Certificate[];
  readonly problems: readonly PathProblem[];
}

/** What was found out about a certificate. */
export interface PathValidation {
  /**
   * A path that breaks no rule which counts here. What Go alone refuses, and mere hints, stand among its problems; a path
   * without the former comes before one with them.
   */
  readonly valid?: CertificationPath;
  /** The other paths that were tried, in order. Those that lead nowhere end with the last certificate whose signature holds. */
  readonly others: readonly CertificationPath[];
  /** The work that it took. */
  readonly work: Readonly<Record<'issuersTried' | 'nameComparisons', number>>;
}

/**
 * Validates a certificate by RFC 5280 section 6 and by what Go's crypto/x509, and so Kubernetes, makes of it: a path from
 * it to a trust anchor is sought, and every path found is held to every rule of {@link PATH_RULES}.
 *
 * Any certificate can be an anchor, an intermediate as well; it is held to all rules but that its own signature and serial
 * number do not matter. Nothing is said of revocation, and certificate policies are not evaluated.
 *
 * @example validatePath(leaf, { anchors: [ca], intermediates: [], at: new Date('2026-12-01T00:00:00Z'), purpose: 'clientAuth' })
 */
export function validatePath(certificate: Certificate, options: PathOptions): PathValidation {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const work = { issuersTried: 0, nameComparisons: 0 };
  const spend = (kind: keyof typeof work, count: number): boolean => {
    if (work[kind] + count > limits[kind]) return false;
    work[kind] += count;
    return true;
  };
  const tried: CertificationPath[] = [];
  let valid: CertificationPath | undefined;
  for (const path of findPaths(certificate, options, () => spend('issuersTried', 1))) {
    const problems = [
      ...path.ends,
      ...checkPath(path, { ...options, maxIntermediates: limits.intermediates }),
      ...checkNameConstraints(path.certificates, (count) => spend('nameComparisons', count)),
    ];
    const checked = { certificates: path.certificates, problems };
    tried.push(checked);
    if (problems.some(({ rule }) => PATH_RULES[rule].isRefused)) continue;
    const isGood = !problems.some(({ rule }) => PATH_RULES[rule].isRefusedByGo);
    if (isGood || valid === undefined) valid = checked;
    if (isGood) break;
  }
  const others = tried.filter((path) => path !== valid);
  return { ...(valid === undefined ? {} : { valid }), others, work };
}

function checkPath(
  { certificates, ends }: ProspectivePath,
  { at, purpose, host, maxIntermediates }: PathOptions & { readonly maxIntermediates: number },
): readonly PathProblem[] {
  return certificates.flatMap((certificate, index) => {
    const isAnchor = ends.length === 0 && index === certificates.length - 1;
    const below = certificates.slice(0, index);
    return [
      ...checkCertificate(certificate, { isAnchor, at }),
      ...checkPurpose(certificate, purpose),
      ...(index === 0
        ? checkHost(certificate, host)
        : checkIssuer(certificate, below, { isAnchor, maxIntermediates })),
    ];
  });
}

function checkPurpose(certificate: Certificate, purpose: string): readonly PathProblem[] {
  const { extKeyUsage } = certificate;
  const isFit =
    purpose === ANY ||
    extKeyUsage === undefined ||
    extKeyUsage.includes(ANY) ||
    extKeyUsage.includes(purpose);
  if (isFit) return [];
  const message = `${nameOf(certificate)} is for ${extKeyUsage.join(', ')} alone, not for ${purpose}`;
  return [{ rule: 'ext-key-usage', certificate, message }];
}

function checkHost(certificate: Certificate, host: string | undefined): readonly PathProblem[] {
  if (host === undefined || isGoodForHost(certificate, host)) return [];
  const names = (certificate.subjectAltName ?? [])
    .filter(({ kind }) => kind !== 'other')
    .map(({ value }) => value);
  const message = `${nameOf(certificate)} is not good for ${JSON.stringify(host)}, but for ${names.join(', ') || 'no host'}`;
  return [{ rule: 'host', certificate, message }];
}

/** Checks what is asked of whoever signs certificates (RFC 5280 6.1.4), with what stands below it, the leaf first. */
function checkIssuer(
  ca: Certificate,
  below: readonly Certificate[],
  { isAnchor, maxIntermediates }: { readonly isAnchor: boolean; readonly maxIntermediates: number },
): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  const problem = (rule: PathRuleId, message: string): void => {
    problems.push({ rule, certificate: ca, message: `${nameOf(ca)} ${message}` });
  };
  const { basicConstraints, keyUsage, subjectKeyIdentifier } = ca;
  // An anchor of version 1 cannot say that it is a CA; that it is one was said by whoever trusts it (RFC 5280 6.1.4 (k)).
  if (basicConstraints?.isCa !== true && !(isAnchor && ca.version < 3))
    problem('basic-constraints', 'signs certificates and is no CA');
  if (keyUsage?.includes('keyCertSign') === false)
    problem('cert-sign', 'signs certificates without the key usage keyCertSign');

  const allowed = Math.min(basicConstraints?.pathLength ?? Infinity, isAnchor ? maxIntermediates : Infinity);
  const intermediates = below.slice(1);
  const counted = intermediates.filter((intermediate) => !isSelfIssued(intermediate)).length;
  if (counted > allowed) problem('path-length', `may have ${allowed} CAs below it and has ${counted}`);
  else if (intermediates.length > allowed)
    problem(
      'path-length-in-go',
      `may have ${allowed} CAs below it and has ${intermediates.length} by the way Go counts`,
    );

  const authorityKeyIdentifier = below.at(-1)?.authorityKeyIdentifier;
  const isKnown = authorityKeyIdentifier !== undefined && subjectKeyIdentifier !== undefined;
  if (isKnown && authorityKeyIdentifier !== subjectKeyIdentifier)
    problem('key-identifier-mismatch', 'has another key identifier than what it signed says');
  return problems;
}
