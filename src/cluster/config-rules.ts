import { EXTERNAL_ETCD, LOCAL_ETCD } from './config-fields.ts';
import { type FieldIssue, textAt, textsAt, valueAt } from './kubeadm-schema.ts';
import type { YamlPath } from './yaml.ts';

/** The fields that hold command lines. */
const COMMAND_LINES: readonly YamlPath[] = [
  ['apiServer', 'extraArgs'],
  ['controllerManager', 'extraArgs'],
  ['scheduler', 'extraArgs'],
  ['etcd', 'local', 'extraArgs'],
  ['nodeRegistration', 'kubeletExtraArgs'],
];

/** Every argument has a name (kubeadm.md 7.3). */
export function checkExtraArguments(document: unknown): readonly FieldIssue[] {
  return COMMAND_LINES.flatMap((path) => {
    const list = valueAt(document, path);
    if (!Array.isArray(list)) return [];
    return list.flatMap((_, index): readonly FieldIssue[] => {
      const item = [...path, index];
      const isNamed = textAt(document, [...item, 'name']) !== undefined;
      return isNamed ? [] : [{ path: item, rule: 'must have a name', hint: 'name: without the dashes' }];
    });
  });
}

function checkUrls(document: unknown, path: YamlPath, needsHttps: boolean): readonly FieldIssue[] {
  return textsAt(document, path).flatMap((text, index): readonly FieldIssue[] => {
    const own = [...path, index];
    const hint = 'for example https://192.0.2.21:2379';
    // `host:2379` is a URL of the scheme `host` to WHATWG and none to Go.
    if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text))
      return [{ path: own, rule: 'must be a URL with a scheme', hint }];
    if (!needsHttps || /^https:/i.test(text)) return [];
    return [{ path: own, rule: 'must be https, since caFile, certFile or keyFile is given', hint }];
  });
}

/** What kubeadm wants of `etcd` (kubeadm.md 7.3), beside the form of its paths and names. */
export function checkEtcd(document: unknown): readonly FieldIssue[] {
  const isThere = (path: YamlPath): boolean => (valueAt(document, path) ?? null) !== null;
  if (!isThere(EXTERNAL_ETCD)) return [];
  const field = (name: string): YamlPath => [...EXTERNAL_ETCD, name];
  const [caFile, certFile, keyFile] = ['caFile', 'certFile', 'keyFile'].map((name) =>
    textAt(document, field(name)),
  );
  const isSecured = caFile !== undefined || certFile !== undefined || keyFile !== undefined;
  const breaches: readonly (readonly [isBroken: boolean, issue: FieldIssue])[] = [
    [
      isThere(LOCAL_ETCD),
      { path: EXTERNAL_ETCD, rule: 'must not stand beside etcd.local', hint: 'leave one of the two out' },
    ],
    [
      (certFile === undefined) !== (keyFile === undefined),
      { path: EXTERNAL_ETCD, rule: 'must have both certFile and keyFile, or neither' },
    ],
    [
      certFile !== undefined && keyFile !== undefined && caFile === undefined,
      { path: EXTERNAL_ETCD, rule: 'must have caFile beside certFile and keyFile' },
    ],
    [
      textsAt(document, field('endpoints')).length === 0,
      { path: EXTERNAL_ETCD, rule: 'must have endpoints', hint: '[https://192.0.2.21:2379]' },
    ],
  ];
  return [
    ...breaches.flatMap(([isBroken, issue]) => (isBroken ? [issue] : [])),
    ...checkUrls(document, field('endpoints'), isSecured),
    ...checkUrls(document, field('httpEndpoints'), false),
  ];
}
