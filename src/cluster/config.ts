import type { SpecIssue } from '../errors.ts';
import { deepFreeze } from '../table/freeze.ts';
import { hasChange, parseKubernetesVersion } from '../table/versions.ts';
import {
  breachOfGate,
  CONFIG_FIELDS,
  type ConfigKind,
  ECDSA_GATE,
  ECDSA_GATE_GONE,
  EXTERNAL_ETCD,
  LOCAL_ETCD,
} from './config-fields.ts';
import { checkEtcd, checkExtraArguments } from './config-rules.ts';
import {
  checkType,
  entriesAt,
  type FieldIssue,
  pathText,
  textAt,
  textsAt,
  truthOf,
  valueAt,
} from './kubeadm-schema.ts';
import { CONFIG_VERSIONS, type ConfigVersion } from './kubeadm-types.ts';
import { nearest } from './nearest.ts';
import type { ClusterOptions, OptionKey } from './options.ts';
import type { Breach } from './parsed.ts';
import { type ParsedYaml, parseYamlDocuments, type YamlPath, type YamlPlace } from './yaml.ts';

export const OWN_API_VERSION = 'k8s-pki.dev/v1';

/** An etcd that is elsewhere, as the configuration describes it. */
export interface ExternalEtcd {
  readonly endpoints: readonly string[];
  readonly httpEndpoints: readonly string[];
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

type OptionValue = string | boolean | readonly string[];

/** Where an option comes from. */
export interface ConfigPlace extends YamlPlace {
  /** `networking.serviceSubnet`. */
  readonly field: string;
  readonly value: OptionValue;
  /** What the file has there, where the value is made of it: `100h`. */
  readonly text?: string;
  /** Of each item of a list. */
  readonly items: readonly YamlPlace[];
}

/** What a configuration file says, and what is wrong with it. */
export interface Configuration {
  /** What the file is called. */
  readonly name: string;
  readonly options: ClusterOptions;
  /** Of the options that stand there; the profile that goes with kubeadm's documents has no place. */
  readonly places: ReadonlyMap<OptionKey, ConfigPlace>;
  readonly externalEtcd?: ExternalEtcd;
  /** Whether it is for a control plane: every configuration of kubeadm is, but that of a worker which joins. */
  readonly isOfControlPlane: boolean;
  /** The key of the Secret kubeadm-certs, in hex. Never shown. */
  readonly certificateKey?: string;
  /** A sentence each. */
  readonly notices: readonly string[];
  readonly issues: readonly SpecIssue[];
}

interface ConfigDocument {
  readonly kind: ConfigKind;
  readonly version: ConfigVersion;
  readonly apiVersion: string;
  readonly value: unknown;
  readonly placeOf: ParsedYaml['placeOf'];
}

const KUBEADM_KINDS: readonly ConfigKind[] = [
  'ClusterConfiguration',
  'InitConfiguration',
  'JoinConfiguration',
];
/** Documents that stand beside kubeadm's and say nothing about certificates. */
const PASSED_OVER: readonly (readonly [apiVersion: RegExp, kind: string])[] = [
  [/^kubeadm\.k8s\.io\/v1/, 'ResetConfiguration'],
  [/^kubeadm\.k8s\.io\/v1/, 'UpgradeConfiguration'],
  [/^kubelet\.config\.k8s\.io\/v1/, 'KubeletConfiguration'],
  [/^kubelet\.config\.k8s\.io\/v1/, 'CredentialProviderConfig'],
  [/^kubeproxy\.config\.k8s\.io\/v1/, 'KubeProxyConfiguration'],
];
/** API groups whose documents are never those of others. */
const OWN_GROUPS = ['kubeadm.k8s.io', 'kubelet.config.k8s.io', 'kubeproxy.config.k8s.io', 'k8s-pki.dev'];
const MIGRATE = 'kubeadm config migrate --old-config FILE writes it in a newer one';
const OLD_VERSION = /^kubeadm\.k8s\.io\/v1(?:alpha[1-3]|beta[12])$/;

function versionOf(apiVersion: string): ConfigVersion | undefined {
  if (apiVersion === 'kubeadm.k8s.io/v1') return 'v1beta4';
  return CONFIG_VERSIONS.find((version) => apiVersion === `kubeadm.k8s.io/${version}`);
}

function kindIn(kinds: readonly ConfigKind[], kind: string): ConfigKind | FieldIssue {
  const found = kinds.find((candidate) => candidate === kind);
  if (found !== undefined) return found;
  const meant = nearest(kind, kinds);
  return {
    path: ['kind'],
    rule: `${JSON.stringify(kind)} is no kind that there is`,
    hint: meant === undefined ? `one of ${kinds.join(', ')}` : `did you mean ${meant}`,
  };
}

/**
 * What a document of somebody else is called, which kubeadm ignores with a warning; undefined for any other. What has nearly the
 * kind of one that is read, or nearly a group of ours, is mistyped: passed over, what it says would not count.
 */
function foreignIn({ value }: ParsedYaml): string | undefined {
  const apiVersion = textAt(value, ['apiVersion']) ?? '';
  const kind = textAt(value, ['kind']);
  const [group = '', version] = apiVersion.split('/');
  // The core group has no name: what is of it was put there by mistake, and kubeadm refuses it, too.
  if (kind === undefined || version === undefined) return undefined;
  const meant = nearest(kind, [...KUBEADM_KINDS, 'PkiConfiguration']) ?? nearest(group, OWN_GROUPS);
  return meant === undefined ? `${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)}` : undefined;
}

/** What a document is: one of those that are read, one that is passed over, or one that nobody knows. */
function identify({ value, placeOf }: ParsedYaml): ConfigDocument | 'passed over' | FieldIssue {
  const apiVersion = textAt(value, ['apiVersion']);
  const kind = textAt(value, ['kind']);
  if (apiVersion === undefined || kind === undefined) {
    return { path: [], rule: 'must have apiVersion and kind', hint: 'apiVersion: kubeadm.k8s.io/v1beta4' };
  }
  if (PASSED_OVER.some(([pattern, name]) => name === kind && pattern.test(apiVersion))) return 'passed over';
  const isOwn = apiVersion === OWN_API_VERSION;
  const version = isOwn ? 'v1beta4' : versionOf(apiVersion);
  if (version === undefined) {
    const rule = `${JSON.stringify(apiVersion)} is no version that is read here`;
    const known = anyVersion();
    return { path: ['apiVersion'], rule, hint: OLD_VERSION.test(apiVersion) ? MIGRATE : known };
  }
  const known = kindIn(isOwn ? ['PkiConfiguration'] : KUBEADM_KINDS, kind);
  return typeof known === 'object' ? known : { kind: known, version, apiVersion, value, placeOf };
}

function anyVersion(): string {
  return `one of ${CONFIG_VERSIONS.map((version) => `kubeadm.k8s.io/${version}`).join(', ')}, ${OWN_API_VERSION}`;
}

/** Gathers what the documents say, so that all that is wrong is reported together. */
class ConfigReader {
  readonly name: string;
  readonly issues: SpecIssue[] = [];
  readonly notices: string[] = [];
  readonly places = new Map<OptionKey, ConfigPlace>();
  certificateKey: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  refuseAt({ line, column }: YamlPlace, { rule, hint }: Breach): void {
    const issue = { option: 'config', value: this.name, line, column, rule };
    this.issues.push(hint === undefined ? issue : { ...issue, hint });
  }

  refuse({ placeOf }: Pick<ConfigDocument, 'placeOf'>, { path, rule, hint }: FieldIssue): void {
    const breach = { rule: `${pathText(path)} ${rule}`.trim(), ...(hint === undefined ? {} : { hint }) };
    this.refuseAt(placeOf(path), breach);
  }

  /** Takes an option from a document, unless another field has said otherwise. */
  take(source: ConfigDocument, path: YamlPath, key: OptionKey, value: OptionValue): void {
    const former = this.places.get(key);
    if (former !== undefined && JSON.stringify(former.value) !== JSON.stringify(value)) {
      const rule = `contradicts ${former.field} in line ${former.line}`;
      this.refuse(source, { path, rule, hint: 'leave one of the two out' });
      return;
    }
    const items = Array.isArray(value) ? value.map((_, index) => source.placeOf([...path, index])) : [];
    const written = valueAt(source.value, path);
    const text = typeof written === 'string' ? { text: written } : {};
    this.places.set(key, { ...source.placeOf(path), field: pathText(path), value, items, ...text });
  }
}

/** The value of a field for its option; undefined where there is none or it is wrong. */
function readField(
  reader: ConfigReader,
  source: ConfigDocument,
  field: (typeof CONFIG_FIELDS)[number],
): OptionValue | undefined {
  const value = valueAt(source.value, field.path);
  const parse = (text: string, path: YamlPath): readonly string[] => {
    const parsed = field.parse?.(text) ?? { value: text };
    if ('value' in parsed) return [parsed.value];
    const shown = field.isSecret === true ? '' : `${JSON.stringify(text)}: `;
    reader.refuse(source, { path, ...parsed, rule: `${shown}${parsed.rule}` });
    return [];
  };
  if (Array.isArray(value)) {
    const texts = textsAt(source.value, field.path);
    const items = texts.flatMap((text, index) => parse(text, [...field.path, index]));
    return items.length === 0 ? undefined : items;
  }
  // As in Go: what is empty is not there.
  if (typeof value === 'number') return value === 0 ? undefined : String(value);
  if (typeof value === 'string' && value !== '') return parse(value, field.path)[0];
  return typeof value === 'boolean' ? value : undefined;
}

/** The gate decides over `encryptionAlgorithm`, also where it is off (`EncryptionAlgorithmType` of kubeadm). */
const gateOf = ({ value }: ConfigDocument): boolean | undefined =>
  truthOf(valueAt(value, ['featureGates', ECDSA_GATE]));

function readFields(reader: ConfigReader, source: ConfigDocument, mistyped: readonly FieldIssue[]): void {
  const broken = mistyped.map(({ path }) => pathText(path).replace(/\[\d+\]$/, ''));
  const isGated = gateOf(source) !== undefined;
  for (const field of CONFIG_FIELDS.filter(({ kind }) => kind === source.kind)) {
    if (broken.includes(pathText(field.path))) continue;
    const value = readField(reader, source, field);
    const isOverruled = isGated && field.option === 'keyAlgorithm';
    if (value !== undefined && field.option !== undefined && !isOverruled)
      reader.take(source, field.path, field.option, value);
    if (value !== undefined && field.isSecret === true) reader.certificateKey = String(value);
  }
}

function readGates(reader: ConfigReader, source: ConfigDocument): void {
  for (const [name] of entriesAt(source.value, ['featureGates'])) {
    const breach = breachOfGate(name);
    if (breach !== undefined) reader.refuse(source, { path: ['featureGates', name], ...breach });
  }
  const isOn = gateOf(source);
  if (isOn === undefined) return;
  const path = ['featureGates', ECDSA_GATE];
  const release = parseKubernetesVersion(textAt(source.value, ['kubernetesVersion']) ?? '');
  if (release !== undefined && hasChange(release, ECDSA_GATE_GONE)) {
    const rule = `is no feature gate of kubeadm ${ECDSA_GATE_GONE} and later`;
    reader.refuse(source, { path, rule, hint: 'encryptionAlgorithm: ECDSA-P256' });
    return;
  }
  const algorithm = isOn ? 'ECDSA-P256' : 'RSA-2048';
  const asked = textAt(source.value, ['encryptionAlgorithm']) ?? algorithm;
  if (asked !== algorithm)
    reader.notices.push(`${pathText(path)} makes the keys ${algorithm}, whatever encryptionAlgorithm says`);
  reader.take(source, path, 'keyAlgorithm', algorithm);
}

function readEtcd(reader: ConfigReader, source: ConfigDocument): ExternalEtcd | undefined {
  const isThere = (path: YamlPath): boolean => (valueAt(source.value, path) ?? null) !== null;
  for (const issue of checkEtcd(source.value)) reader.refuse(source, issue);
  if (!isThere(EXTERNAL_ETCD)) {
    if (isThere(LOCAL_ETCD)) reader.take(source, LOCAL_ETCD, 'externalEtcd', false);
    return undefined;
  }
  if (!isThere(LOCAL_ETCD)) reader.take(source, EXTERNAL_ETCD, 'externalEtcd', true);
  const file = (key: 'caFile' | 'certFile' | 'keyFile'): object => {
    const path = textAt(source.value, [...EXTERNAL_ETCD, key]);
    return path === undefined ? {} : { [key]: path };
  };
  return {
    endpoints: textsAt(source.value, [...EXTERNAL_ETCD, 'endpoints']),
    httpEndpoints: textsAt(source.value, [...EXTERNAL_ETCD, 'httpEndpoints']),
    ...file('caFile'),
    ...file('certFile'),
    ...file('keyFile'),
  };
}

/** Which kubeadm reads what (kubeadm.md 7.1), where that is not the one that the file is for. */
function noticesOf({ apiVersion, version, value }: ConfigDocument): readonly string[] {
  if (apiVersion === 'kubeadm.k8s.io/v1')
    return [`${apiVersion} is read as v1beta4; no kubeadm up to 1.37 takes it without asking`];
  const release = parseKubernetesVersion(textAt(value, ['kubernetesVersion']) ?? '');
  if (version !== 'v1beta3' || release === undefined || !hasChange(release, '1.37')) return [];
  return [
    `kubeadm ${release.text} does not read ${apiVersion}: kubeadm config migrate of 1.36 writes v1beta4`,
  ];
}

function documentsOf(reader: ConfigReader, parsed: readonly ParsedYaml[]): readonly ConfigDocument[] {
  const documents: ConfigDocument[] = [];
  for (const each of parsed) {
    for (const { message, line = 1, column = 1 } of each.faults)
      reader.refuseAt({ line, column }, { rule: message });
    if (each.value === undefined) continue;
    const foreign = foreignIn(each);
    if (foreign !== undefined) {
      reader.notices.push(`${foreign} in line ${each.placeOf(['kind']).line} is passed over`);
      continue;
    }
    const found = identify(each);
    if (found === 'passed over') continue;
    if ('rule' in found) reader.refuse(each, found);
    else if (documents.some(({ kind }) => kind === found.kind))
      reader.refuse(each, { path: ['kind'], rule: `${found.kind} is there twice`, hint: 'one of each' });
    else documents.push(found);
  }
  if (documents.length === 0 && reader.issues.length === 0) {
    const rule = 'has neither a ClusterConfiguration nor an InitConfiguration';
    reader.refuseAt({ line: 1, column: 1 }, { rule, hint: 'as kubeadm init --config takes it' });
  }
  return documents;
}

/**
 * Reads a configuration of kubeadm, v1beta3 or v1beta4, and our own document beside it. Never throws: everything that is wrong
 * is among the issues, with its line and column. What the values of options mean is looked at where they are combined with
 * others.
 *
 * @param name What the file is called in issues.
 */
export async function parseConfiguration(text: string, name: string): Promise<Configuration> {
  const reader = new ConfigReader(name);
  const documents = documentsOf(reader, await parseYamlDocuments(text));
  let externalEtcd: ExternalEtcd | undefined;
  for (const source of documents) {
    const mistyped = checkType(source.value, source.kind, source.version);
    for (const issue of [...mistyped, ...checkExtraArguments(source.value)]) reader.refuse(source, issue);
    reader.notices.push(...noticesOf(source));
    readFields(reader, source, mistyped);
    if (source.kind !== 'ClusterConfiguration') continue;
    readGates(reader, source);
    externalEtcd = readEtcd(reader, source);
  }
  const isOfWorker = documents.some(
    ({ kind, value }) => kind === 'JoinConfiguration' && !hasControlPlane(value),
  );
  if (isOfWorker)
    reader.notices.push(
      'JoinConfiguration without controlPlane is for a worker, which has no PKI of its own',
    );
  const isThere = (kinds: readonly ConfigKind[]): boolean =>
    documents.some(({ kind }) => kinds.includes(kind));
  const taken = [...reader.places].map(([key, { value }]) => [key, value] as const);
  const options: ClusterOptions = Object.fromEntries(taken);
  return deepFreeze({
    name,
    // kubeadm's defaults, where another would hold without a file or be left to what is audited.
    options: {
      ...(isThere(KUBEADM_KINDS) ? { profile: 'kubeadm' } : {}),
      ...(isThere(['ClusterConfiguration']) ? { keyAlgorithm: 'RSA-2048', clusterName: 'kubernetes' } : {}),
      ...options,
    },
    places: reader.places,
    isOfControlPlane: isThere(KUBEADM_KINDS) && !isOfWorker,
    ...(externalEtcd === undefined ? {} : { externalEtcd }),
    ...(reader.certificateKey === undefined ? {} : { certificateKey: reader.certificateKey }),
    notices: reader.notices,
    issues: reader.issues,
  });
}

function hasControlPlane(value: unknown): boolean {
  return (valueAt(value, ['controlPlane']) ?? null) !== null;
}
