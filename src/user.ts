import type { PresentFile } from './checks/evidence.ts';
import type { Directories } from './cluster/directories.ts';
import { type ClusterOptions, type OptionKey, OPTIONS } from './cluster/options.ts';
import { parseClusterSpec } from './cluster/parse.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { parseUser, type UserOptions } from './cluster/user.ts';
import { isPkiError, PkiError, type SpecIssue } from './errors.ts';
import type { Finding } from './finding.ts';
import { encodeKubeconfig } from './kubeconfig/encode.ts';
import { notIssuable } from './plan.ts';
import { generatePki, type PkiEnvironment, type PlannedPki, planPki } from './pki.ts';
import type { DesiredKubeconfigRow, DesiredRow } from './resolve/desired.ts';
import { resolveRows } from './resolve/rows.ts';
import { impersonationsOf, resolveUser } from './resolve/user.ts';
import { verifyPki } from './verify.ts';
import type { Certificate } from './x509/model.ts';
import { encodePem } from './x509/pem.ts';
import type { Signer } from './x509/signer.ts';

/** A cluster, by its files and by what is said of it. */
export interface ClusterRequest {
  readonly files: readonly PresentFile[];
  readonly readFrom?: Directories | undefined;
  /** What is to be otherwise than the files say. */
  readonly options: ClusterOptions;
  /** Whether the options are all there is to say of the cluster, as those of a configuration are. */
  readonly isWhole: boolean;
}

/** Who is to get a kubeconfig, of which cluster. */
export interface UserRequest extends ClusterRequest {
  readonly user: UserOptions;
  /** What was found wrong with how the user was asked for, before it was read. */
  readonly issues?: readonly SpecIssue[];
  /** What the kubeconfig is called in findings. */
  readonly path: string;
  /** By the id of the CA for which they sign. */
  readonly signers: ReadonlyMap<string, Signer>;
}

/** A user understood. */
export interface PlannedUser {
  readonly spec: ClusterSpec;
  readonly row: DesiredKubeconfigRow;
  readonly token?: string;
  /** What is odd about the request. */
  readonly warnings: readonly SpecIssue[];
  /** Whether nobody could take back what the user may do. */
  readonly isAboveRbac: boolean;
  readonly planned: PlannedPki;
}

/** A kubeconfig in memory. */
export interface MadeUser {
  readonly kubeconfig: string;
  /** Absent where there is a token in place of it. */
  readonly certificate?: Certificate;
}

const STAND_INS = { options: { hostIp: '192.0.2.1' }, host: { hostname: 'host' } };
const OF_RULES: readonly OptionKey[] = OPTIONS.filter(({ group }) => group === 'Rules').map(({ key }) => key);

const defined = (options: ClusterOptions): ClusterOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function issuesOf(options: ClusterOptions): readonly SpecIssue[] {
  try {
    parseClusterSpec({ ...STAND_INS.options, ...defined(options) }, STAND_INS.host);
    return [];
  } catch (error) {
    if (isPkiError(error, 'ERR_CONFIG')) return error.detail.issues;
    throw error;
  }
}

function assertNone(issues: readonly SpecIssue[]): void {
  if (issues.length === 0) return;
  const message = issues.map(({ option, rule }) => `${option}: ${rule}`).join('; ');
  throw new PkiError('ERR_CONFIG', message, { detail: { issues } });
}

/** Where the API server is said to be: what was made up until it is known must not be written. */
const SERVER_KEYS: readonly OptionKey[] = ['controlPlaneEndpoint', 'apiserverAdvertiseAddress', 'hostIp'];

function assertServerKnown(known: ClusterOptions): void {
  if (SERVER_KEYS.some((key) => known[key] !== undefined)) return;
  assertNone([
    {
      option: 'control-plane-endpoint',
      rule: 'is needed: nothing that is there says where the API server is',
      hint: 'for example --control-plane-endpoint lb.example.com:6443',
    },
  ]);
}

/**
 * What the files say of their cluster, but for what was said otherwise.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options, or where nothing says where the API server is.
 */
export async function specOfFiles(
  { files, readFrom, options, isWhole }: ClusterRequest,
  now: Date,
): Promise<ClusterSpec> {
  const given = defined(options);
  const rules = Object.fromEntries(
    Object.entries(given).filter(([key]) => OF_RULES.some((one) => one === key)),
  );
  const read = await verifyPki({
    files,
    options: isWhole ? given : rules,
    now,
    warnWithinSeconds: 0,
    readFrom,
  });
  assertServerKnown({ ...read.inferred, ...given });
  if (isWhole) return read.spec;
  const { profile, kubernetesVersion } = read.spec;
  const asked = { ...read.inferred, profile, kubernetesVersion: kubernetesVersion.text, ...given };
  return parseClusterSpec({ ...STAND_INS.options, ...asked }, STAND_INS.host).spec;
}

/** The rows of the CAs that a kubeconfig is signed by or trusts, signers first. */
function authoritiesOf(
  rows: readonly DesiredRow[],
  { certificate, kubeconfig }: DesiredKubeconfigRow,
): readonly DesiredRow[] {
  const ids = new Set([certificate.signer, ...kubeconfig.trust]);
  return rows
    .toReversed()
    .filter((row) => {
      if (row.kind !== 'ca' || !ids.has(row.id)) return false;
      ids.add(row.certificate.signer);
      return true;
    })
    .toReversed();
}

/**
 * Decides what the kubeconfig of one more user holds. Where the cluster is not said to be otherwise, it is what its files say.
 * Generates nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` with everything that is wrong with the user and the options; `ERR_REFUSED` where the CA
 * is not here or cannot sign.
 */
export async function planUser(request: UserRequest, now: Date): Promise<PlannedUser> {
  const { identity, token, validitySeconds, issues, warnings } = parseUser(request.user);
  assertNone([...(request.issues ?? []), ...issues, ...issuesOf(request.options)]);
  const spec = await specOfFiles(request, now);
  const rows = resolveRows(spec);
  const { path, files, signers } = request;
  const row = resolveUser(spec, identity, { path, validitySeconds });
  const authorities = authoritiesOf(rows, row);
  const input = {
    rows: token === undefined ? [...authorities, row] : authorities,
    existing: files.filter((file) => authorities.some((ca) => ca.files.some((of) => of.path === file.path))),
    signers,
  };
  const planned = await planPki(input, now, { kind: 'issue', id: row.id });
  const refusals = [
    ...planned.plan.rows.filter(({ action }) => action === 'refuse').flatMap(({ findings }) => findings),
    ...(token === undefined ? [] : distrust(row, planned)),
  ];
  if (refusals.length > 0) throw refusal(identity.clientName, refusals);
  const impersonations = token === undefined ? impersonationsOf(identity, rows) : [];
  return {
    spec,
    row,
    ...(token === undefined ? {} : { token }),
    warnings: [
      ...warnings,
      ...impersonations.map(({ of, value, says }) => ({
        option: of === 'commonName' ? 'client-name' : 'org',
        value,
        rule: says,
      })),
    ],
    isAboveRbac: impersonations.some(({ isAboveRbac }) => isAboveRbac),
    planned,
  };
}

/** Why a kubeconfig has nothing to verify its server with. */
function distrust(row: DesiredKubeconfigRow, { evidence }: PlannedPki): readonly Finding[] {
  return row.kubeconfig.trust
    .filter((id) => (evidence.get(id)?.certificates ?? []).length === 0)
    .map((id) => notIssuable(row, `the certificate of ${id} is not here, or cannot be read`));
}

function refusal(name: string, findings: readonly Finding[]): PkiError<'ERR_REFUSED'> {
  return new PkiError('ERR_REFUSED', `no kubeconfig was made for ${JSON.stringify(name)}`, {
    detail: { findings, wouldKeep: [] },
    hint: 'nothing was changed',
  });
}

const pemOf = (certificates: readonly Certificate[]): string =>
  certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');

/**
 * Makes the kubeconfig in memory, and checks what came out.
 *
 * @throws {PkiError} `ERR_KEY`, `ERR_SELF_CHECK`.
 */
export async function makeUser(
  { row, token, planned }: PlannedUser,
  environment: PkiEnvironment,
): Promise<MadeUser> {
  if (token === undefined) {
    const { files, certificates } = await generatePki(planned, environment);
    const [file] = files;
    const [issued] = certificates.filter(({ id }) => id === row.id);
    if (file === undefined || issued === undefined)
      throw new RangeError('"planned" expected a user to be made');
    return { kubeconfig: file.contents, certificate: issued.certificate };
  }
  const trust = row.kubeconfig.trust.flatMap((id) => planned.evidence.get(id)?.certificates ?? []);
  return { kubeconfig: encodeKubeconfig(row.kubeconfig, { certificateAuthorityPem: pemOf(trust), token }) };
}
