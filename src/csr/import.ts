import { checkCertificates } from '../checks/certificates.ts';
import {
  type Evidence,
  isSameDer,
  parseAnyEvidence,
  type PresentFile,
  type RowEvidence,
} from '../checks/evidence.ts';
import { MENDS } from '../checks/mends.ts';
import { runChecks } from '../checks/run.ts';
import { sharedModuliIn } from '../checks/weakness.ts';
import { isPkiError, PkiError, type SpecIssue } from '../errors.ts';
import type { Finding } from '../finding.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { generatePki, installedFiles, type PkiFile, type PlannedPki, planPki } from '../pki.ts';
import type { Plan } from '../plan.ts';
import { attributeValues, type Certificate, COMMON_NAME_OID } from '../x509/model.ts';
import { isAskingRow, KEY_CODES } from './generate.ts';
import { type PendingPki, type PendingRequest, readPending } from './reading.ts';
import { certificatesIn, type Returned, type ReturnedFile, type UnreadFile } from './returned.ts';

/** What came back, and where it is to go. */
export interface ImportRequest extends PendingRequest {
  /** In any order and number. */
  readonly returned: readonly ReturnedFile[];
  /** What may have come back and was not read. */
  readonly unread?: readonly UnreadFile[];
  /** The certificates of CAs that are to be trusted, by the id of the CA: none is ever taken from what came back. */
  readonly authorities: ReadonlyMap<string, ReturnedFile>;
}

/**
 * What becomes of a certificate. `installed`: it takes its place. `kept`: it is there already. `refused`: it is not what its
 * row wants. `passed-over`: nothing here is waiting for it.
 */
export interface Fate {
  readonly source: string;
  readonly position?: number;
  readonly certificate?: Certificate;
  readonly outcome: 'installed' | 'kept' | 'refused' | 'passed-over';
  /** The row that it is for, where it is for one. */
  readonly row?: string;
  /** Why, in a sentence part, where no finding says it. */
  readonly why?: string;
  /** Refused: why. Installed: what is odd about it all the same. */
  readonly findings: readonly Finding[];
}

/** An import understood: what would be written, and what becomes of each certificate. */
export interface PlannedImport {
  readonly spec: ClusterSpec;
  readonly plan: Plan;
  /** What becomes of the CAs that were named. */
  readonly authorities: readonly Fate[];
  /** What becomes of the certificates that came back. */
  readonly fates: readonly Fate[];
  readonly files: readonly PkiFile[];
  /** The logical paths of what had a certificate before: components may have it open. */
  readonly renewed: readonly string[];
}

type Certificates = ReadonlyMap<string, readonly Certificate[]>;

/** What is compared with: everything that is there, with the CAs that were named. */
interface Waiting {
  readonly pending: PendingPki;
  readonly request: ImportRequest;
  readonly now: Date;
}

/** The given files in the place of those of the same paths. */
function overlaid(existing: readonly PresentFile[], files: readonly PkiFile[]): readonly PresentFile[] {
  const paths = new Set(files.map(({ path }) => path));
  const modeOf = new Map(existing.map(({ path, mode }) => [path, mode]));
  return [
    ...existing.filter(({ path }) => !paths.has(path)),
    ...files.map((file) => ({ ...file, mode: modeOf.get(file.path) ?? file.mode })),
  ];
}

function planInstallation(
  { pending, request, now }: Waiting,
  certificates: Certificates,
): Promise<PlannedPki> {
  const rows = [...pending.evidence.values()].map(({ desired }) => desired);
  const input = { rows, existing: request.files, signers: new Map() };
  return planPki(input, now, { kind: 'install', certificates });
}

/** Everything that an audit finds in these files. */
async function findingsIn(
  planned: PlannedPki,
  files: readonly PkiFile[],
  now: Date,
): Promise<readonly Finding[]> {
  const { rows, existing, signers } = planned.input;
  const { evidence } = await parseAnyEvidence({ rows, files: overlaid(existing, files), signers });
  const audit = { warnWithinSeconds: 0, sharedModuli: sharedModuliIn(evidence) };
  return [
    ...runChecks({ now, evidence, signers: new Set() }),
    ...runChecks({ now, evidence, signers: new Set(), audit }),
    ...checkCertificates(evidence),
  ];
}

/** The parts of a certificate that each has of its own: what is said of them is never said of the one before. */
const OWN_FIELDS: ReadonlySet<string | undefined> = new Set(['subjectPublicKey', 'notAfter']);

/** Whether a finding is about the certificate itself, and so about each anew. */
function isOfCertificate({ code, field }: Finding): boolean {
  return ['identity', 'certificate'].includes(MENDS.get(code) ?? '') || OWN_FIELDS.has(field);
}

/** What another certificate would mend, although it keeps nothing from working today. */
function isFault({ code, severity }: Finding): boolean {
  return severity === 'error' || MENDS.get(code) === 'identity' || code === 'outlives-signer';
}

/** What is found with a certificate in its place and was not before, or is for a certificate to mend; each once. */
function newFindings(row: string, before: readonly Finding[], after: readonly Finding[]): readonly Finding[] {
  const textOf = ({ code, path, field }: Finding): string => JSON.stringify([code, path, field]);
  const known = new Set(before.filter((finding) => !isOfCertificate(finding)).map(textOf));
  const own = after.filter((finding) => finding.row === row && !known.has(textOf(finding)));
  const seen = new Set<string>();
  return own.filter((finding) => {
    const text = textOf(finding);
    return !seen.has(text) && seen.add(text);
  });
}

function authorityIssue(id: string, name: string, rule: string, hint?: string): SpecIssue {
  return { option: 'ca', value: `${id}=${name}`, rule, ...(hint === undefined ? {} : { hint }) };
}

const isAmong = (certificate: Certificate, all: readonly Certificate[]): boolean =>
  all.some(({ der }) => isSameDer(der, certificate.der));

/** The certificates of the CAs that were named, without those that are there already. */
async function readAuthorities(
  evidence: Evidence,
  authorities: ImportRequest['authorities'],
): Promise<Certificates> {
  const issues: SpecIssue[] = [];
  const named = new Map<string, readonly Certificate[]>();
  const ids = [...evidence.values()]
    .filter(({ desired }) => desired.kind === 'ca')
    .map(({ desired }) => desired.id);
  for (const [id, file] of authorities) {
    const issue = (rule: string, hint?: string): void => {
      issues.push(authorityIssue(id, file.name, rule, hint));
    };
    const [found, ...further] = await certificatesIn(file);
    const present = evidence.get(id)?.files.length === 0 ? undefined : evidence.get(id)?.certificates;
    if (!ids.includes(id)) issue(`is no CA of this cluster: ${ids.join(', ')}`);
    else if (found === undefined) issue('holds no certificate');
    // Whoever is trusted is named: what stands behind the one that is meant would be trusted as well.
    else if (further.length > 0)
      issue(`holds ${further.length + 1} certificates`, 'name a file that holds the one of the CA alone');
    else if ('why' in found.content) issue(found.content.why);
    else if (present === undefined) named.set(id, [found.content.certificate]);
    else if (!isAmong(found.content.certificate, present))
      issue(
        'is another certificate than the one that is there',
        'a CA is never replaced here: move it away first',
      );
  }
  const [first] = issues;
  if (first === undefined) return named;
  throw new PkiError('ERR_CONFIG', `--ca ${first.value}: ${first.rule}`, { detail: { issues } });
}

/** @throws {PkiError} `ERR_REFUSED` with everything that is wrong with the CAs that were named. */
async function assertSound(planned: PlannedPki, files: readonly PkiFile[], now: Date): Promise<void> {
  const ids = new Set(planned.plan.rows.filter(({ action }) => action === 'install').map(({ id }) => id));
  const findings = [...ids].flatMap((id) => ({ id }));
  const found = await findingsIn(planned, files, now);
  const errors = findings.flatMap(({ id }) =>
    newFindings(id, planned.findings, found).filter(({ severity }) => severity === 'error'),
  );
  if (errors.length === 0) return;
  throw new PkiError(
    'ERR_REFUSED',
    'a CA that was named is not one that its certificates can be verified by',
    {
      detail: { findings: errors, wouldKeep: [] },
      hint: 'nothing was changed',
    },
  );
}

function assertHostKnown({ unknown }: PendingPki): void {
  const [first] = unknown;
  if (first === undefined) return;
  throw new PkiError('ERR_CONFIG', `${first.option} ${first.rule}`, { detail: { issues: unknown } });
}

type Candidate = Returned & { readonly content: { readonly certificate: Certificate } };

const isCandidate = (returned: Returned): returned is Candidate => 'certificate' in returned.content;

function placeOf({ source, position }: Returned): Pick<Fate, 'source' | 'position'> {
  return { source, ...(position === undefined ? {} : { position }) };
}

/** What becomes of a certificate that no row waits for. */
function strangerFate(candidate: Candidate, authorities: readonly Certificate[]): Fate {
  const { certificate } = candidate.content;
  const base = { ...placeOf(candidate), certificate, findings: [] };
  if (isAmong(certificate, authorities))
    return { ...base, outcome: 'kept', why: 'is the certificate of a CA that is here' };
  if (certificate.basicConstraints?.isCa === true)
    return {
      ...base,
      outcome: 'passed-over',
      why: 'is the certificate of a CA: none is trusted that is not named with --ca',
    };
  return { ...base, outcome: 'passed-over', why: 'is for a key that is not here' };
}

/** What becomes of a certificate for a key that is here and cannot be read; undefined where it is for none. */
function closedKeyFate(
  candidate: Candidate,
  evidence: Evidence,
  before: readonly Finding[],
): Fate | undefined {
  const { certificate } = candidate.content;
  for (const { desired, key, request } of evidence.values()) {
    const findings = newFindings(desired.id, [], before).filter(({ code }) => KEY_CODES.has(code));
    if (!isAskingRow(desired) || key !== undefined || findings.length === 0) continue;
    const names = attributeValues(certificate.subject, COMMON_NAME_OID);
    const isAskedFor =
      request === undefined
        ? names.includes(desired.certificate.commonName)
        : isSameDer(request.spkiDer, certificate.spkiDer);
    if (!isAskedFor) continue;
    const why = `is for ${desired.id}, whose key cannot be read`;
    return { ...placeOf(candidate), certificate, row: desired.id, outcome: 'refused', why, findings };
  }
  return undefined;
}

const ANOTHER_KEY =
  'move key and request away, run certs generate-csr, which makes others, and have that request signed';
const SIGN_AGAIN = 'have it signed again, by the CA that is expected and with what the request asks for';

/** Of the certificates for one key the one that ends last first. */
const latestFirst = (a: Candidate, b: Candidate): number =>
  b.content.certificate.notAfter.getTime() - a.content.certificate.notAfter.getTime();

/** The files that an installation writes, or why one cannot be written. */
async function filesOf(
  planned: PlannedPki,
): Promise<{ readonly files: readonly PkiFile[] } | { readonly why: string }> {
  try {
    return { files: await installedFiles(planned) };
  } catch (error) {
    if (!isPkiError(error, 'ERR_KUBECONFIG')) throw error;
    return { why: error.hint === undefined ? error.message : `${error.message}: ${error.hint}` };
  }
}

function withRemedy(finding: Finding): Finding {
  return { ...finding, remedy: finding.field === 'subjectPublicKey' ? ANOTHER_KEY : SIGN_AGAIN };
}

/** A row that is decided about. */
interface Deciding {
  readonly row: RowEvidence;
  /** The CA, where it is not here. */
  readonly signer: string | undefined;
  readonly before: readonly Finding[];
  readonly authorities: Certificates;
}

/** A certificate that may take its place, or has it. */
interface Eligible {
  readonly certificate: Certificate;
  readonly findings: readonly Finding[];
  readonly isSound: boolean;
}

/** Holds one certificate against its row as if it were in its place: whether it may be, or what becomes of it instead. */
async function judge(
  waiting: Waiting,
  { row, signer, before, authorities }: Deciding,
  certificate: Certificate,
): Promise<Eligible | Pick<Fate, 'outcome' | 'why' | 'findings'>> {
  const { id } = row.desired;
  if (signer !== undefined) {
    const why = `its CA, ${signer}, is not here: --ca ${signer}=FILE brings its certificate`;
    return { outcome: 'refused', why, findings: [] };
  }
  const planned = await planInstallation(waiting, new Map([...authorities, [id, [certificate]]]));
  const files = await filesOf(planned);
  if ('why' in files) return { outcome: 'refused', why: files.why, findings: [] };
  const findings = newFindings(id, before, await findingsIn(planned, files.files, waiting.now));
  if (findings.every(({ severity }) => severity !== 'error'))
    return { certificate, findings, isSound: !findings.some(isFault) };
  // It is not there, and so not to be moved away.
  const told = findings.filter(({ severity }) => severity !== 'notice');
  return { outcome: 'refused', findings: told.map(withRemedy) };
}

/** Of two for one key the better one first: what is as its row wants, then what ends later. */
const bestFirst = (a: Eligible, b: Eligible): number =>
  Number(b.isSound) - Number(a.isSound) ||
  b.certificate.notAfter.getTime() - a.certificate.notAfter.getTime();

/** How one that is there already makes room for one that is not better. */
function makeRoom({ desired }: RowEvidence): string {
  const path = desired.files[0]?.path ?? '';
  return desired.kind === 'kubeconfig' ? `take client-certificate-data out of ${path}` : `move ${path} away`;
}

/** Why the best of what came back for a row is not better than what is there; undefined where it is. */
function whyNotBetter({ row, before }: Deciding, best: Eligible): string | undefined {
  const [present] = row.certificates;
  const faults = before.filter((finding) => finding.row === row.desired.id && isFault(finding));
  const isBroken = faults.some(({ severity }) => severity === 'error');
  const isMended = faults.length > 0 && best.isSound;
  if (present === undefined || isBroken || isMended || present.notAfter < best.certificate.notAfter)
    return undefined;
  return `the one that is there ends no earlier: to have this one all the same, ${makeRoom(row)} and import it again`;
}

/** Decides about the certificates that are for the key of one row. */
async function decideRow(
  waiting: Waiting,
  deciding: Deciding,
  candidates: readonly Candidate[],
): Promise<readonly Fate[]> {
  const { row } = deciding;
  const judged: (readonly [Candidate, Awaited<ReturnType<typeof judge>>])[] = [];
  for (const candidate of candidates.toSorted(latestFirst))
    judged.push([candidate, await judge(waiting, deciding, candidate.content.certificate)]);
  const [best] = judged.flatMap(([, verdict]) => ('isSound' in verdict ? [verdict] : [])).toSorted(bestFirst);
  const isThere = (certificate: Certificate): boolean => isAmong(certificate, row.certificates.slice(0, 1));
  const isBestThere = best === undefined || isThere(best.certificate);
  const whyNot = isBestThere ? undefined : whyNotBetter(deciding, best);
  const isReplaced = !isBestThere && whyNot === undefined;
  return judged.map(([candidate, verdict]): Fate => {
    const { certificate } = candidate.content;
    const base = { ...placeOf(candidate), certificate, row: row.desired.id };
    const passedOver = (why: string): Fate => ({ ...base, outcome: 'passed-over', why, findings: [] });
    const isEligible = 'isSound' in verdict;
    const isPresent = deciding.signer === undefined && isThere(certificate);
    if (isPresent && !isReplaced) return { ...base, outcome: 'kept', why: 'is there already', findings: [] };
    if (!isEligible && !isPresent) return { ...base, ...verdict };
    if (verdict !== best)
      return passedOver(
        best?.isSound === true && !(isEligible && verdict.isSound)
          ? 'another one for the same key is closer to what its row wants'
          : 'another one for the same key ends later',
      );
    if (whyNot !== undefined) return passedOver(whyNot);
    const findings = best.findings.flatMap((finding) => {
      // No CA key is here: init could not issue it anew.
      if (finding.severity === 'warning') return [withRemedy(finding)];
      return finding.field === 'notAfter' ? [finding] : [];
    });
    return { ...base, outcome: 'installed', findings };
  });
}

/**
 * Finds the key of each certificate that came back, holds it against its row and its CA as an audit would with it in its
 * place, and says what becomes of it and which files that makes. Writes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG`; `ERR_REFUSED` for a CA that was named and is none.
 */
export async function planImport(request: ImportRequest, now: Date): Promise<PlannedImport> {
  const pending = await readPending(request, now, { prefersRequests: true });
  const { spec, evidence } = pending;
  const waiting = { pending, request, now };
  const authorities = await readAuthorities(evidence, request.authorities);
  const base = await planInstallation(waiting, authorities);
  await assertSound(base, await installedFiles(base), now);

  const returned = (await Promise.all(request.returned.map(certificatesIn))).flat();
  const candidates = returned.filter(isCandidate);
  const before = await findingsIn(base, [], now);
  const trusted = [
    ...[...evidence.values()].flatMap(({ desired, certificates }) =>
      desired.kind === 'ca' ? certificates : [],
    ),
    ...[...authorities.values()].flat(),
  ];
  const fates: Fate[] = [];
  const chosen = new Map(authorities);
  const matched = new Set<Candidate>();
  for (const row of evidence.values()) {
    const { desired, key } = row;
    if (!isAskingRow(desired) || key === undefined) continue;
    const own = candidates.filter(({ content }) => isSameDer(content.certificate.spkiDer, key.spkiDer));
    own.forEach((candidate) => matched.add(candidate));
    if (own.length > 0) assertHostKnown(pending);
    const { signer = '' } = desired.certificate;
    const isKnown = authorities.has(signer) || (evidence.get(signer)?.certificates.length ?? 0) > 0;
    const about = { row, signer: isKnown ? undefined : signer, before, authorities };
    const decided = await decideRow(waiting, about, own);
    fates.push(...decided);
    const installed = decided.find(({ outcome }) => outcome === 'installed')?.certificate;
    if (installed !== undefined) chosen.set(desired.id, [installed]);
  }
  for (const one of returned) {
    if (!isCandidate(one)) {
      const why = 'why' in one.content ? one.content.why : '';
      fates.push({ ...placeOf(one), outcome: 'refused', why, findings: [] });
    } else if (!matched.has(one))
      fates.push(closedKeyFate(one, evidence, before) ?? strangerFate(one, trusted));
  }
  for (const { name: source, why } of request.unread ?? [])
    fates.push({ source, outcome: 'refused', why, findings: [] });
  const named = [...request.authorities].map(([row, { name: source }]): Fate => {
    const certificate = authorities.get(row)?.[0];
    return certificate === undefined
      ? { source, row, outcome: 'kept', why: 'is there already', findings: [] }
      : { source, certificate, row, outcome: 'installed', findings: [] };
  });
  const planned = await planInstallation(waiting, chosen);
  const { plan, files } = await generatePki(planned, { now, ...NOTHING_MADE });
  const renewed = plan.rows
    .filter(({ id }) => (evidence.get(id)?.certificates.length ?? 0) > 0)
    .flatMap((row) => row.files.filter(({ action }) => action === 'replace').map(({ path }) => path));
  return { spec, plan, authorities: named, fates: withoutEchoes(fates), files, renewed };
}

/** Where several rows have one key, a certificate is for one of them: that it is not for the others says nothing. */
function withoutEchoes(fates: readonly Fate[]): readonly Fate[] {
  const isTaken = ({ outcome }: Fate): boolean => outcome === 'installed' || outcome === 'kept';
  const taken = new Set(
    fates.filter(isTaken).map(({ source, position }) => JSON.stringify([source, position])),
  );
  return fates.filter((fate) => isTaken(fate) || !taken.has(JSON.stringify([fate.source, fate.position])));
}

/** An installation makes no key and no serial number. */
const NOTHING_MADE = {
  randomBytes: (length: number) => new Uint8Array(length),
  generateKeyPair: () => Promise.reject(new RangeError('"generateKeyPair" expected not to be called')),
};
