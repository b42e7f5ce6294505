import { posix } from 'node:path';
import { faultText, parseYamlDocuments } from '../cluster/yaml.ts';
import type { ComponentCommand, Components, Mount } from './command.ts';
import { commandOf } from './start.ts';
import type { Environment } from './words.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Numbers and truth values stand for their text, which is how they reach a program. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((item) => ['string', 'number', 'boolean'].includes(typeof item)).map(String)
    : [];
}

function environmentOf(container: Fields): {
  readonly environment: Environment;
  readonly unread: readonly string[];
} {
  const variables = listOf(container['env']);
  const known = variables.flatMap(({ name, value }) =>
    typeof name === 'string' && typeof value === 'string' ? [[name, value] as const] : [],
  );
  const elsewhere = variables.filter(({ valueFrom }) => valueFrom !== undefined);
  return {
    environment: Object.fromEntries(known),
    unread: [
      ...elsewhere.map(({ name }) => `$(${String(name)})`).filter((text) => text.startsWith('$(ETCD')),
      ...(container['envFrom'] === undefined ? [] : ['envFrom']),
    ],
  };
}

/** What of the host a container sees, the innermost mount first. */
function mountsOf(container: Fields, volumes: readonly Fields[]): readonly Mount[] {
  return listOf(container['volumeMounts'])
    .flatMap(({ name, mountPath, subPath }): readonly Mount[] => {
      const place = textOf(mountPath);
      if (place === undefined) return [];
      const volume = volumes.find((candidate) => candidate['name'] === name);
      const hostPath = textOf(fieldsOf(volume?.['hostPath'])['path']);
      const mount = { mountPath: posix.resolve('/', place) };
      return [
        hostPath === undefined ? mount : { ...mount, hostPath: posix.join(hostPath, textOf(subPath) ?? '') },
      ];
    })
    .toSorted((a, b) => b.mountPath.length - a.mountPath.length);
}

function commandsOfPod(path: string, spec: Fields): readonly ComponentCommand[] {
  const volumes = listOf(spec['volumes']);
  return listOf(spec['containers']).map((container) => {
    const image = textOf(container['image'])
      ?.split('/')
      .at(-1)
      ?.replace(/[:@].*$/s, '');
    return commandOf({
      path,
      words: [...textsOf(container['command']), ...textsOf(container['args'])],
      ...environmentOf(container),
      otherwise: image ?? textOf(container['name']) ?? '',
      mounts: mountsOf(container, volumes),
    });
  });
}

/** The fields of a KubeletConfiguration that are flags of the kubelet as well. */
const KUBELET_FLAG = '--client-ca-file';

function commandOfKubelet(path: string, object: Fields): ComponentCommand {
  const file = textOf(fieldsOf(fieldsOf(object['authentication'])['x509'])['clientCAFile']);
  return {
    path,
    program: 'kubelet',
    component: 'kubelet',
    flags: file === undefined ? [] : [{ flag: KUBELET_FLAG, value: file }],
    scope: [KUBELET_FLAG],
    unfollowed: [],
  };
}

/** The programs of one object: a pod, a pod's template in a workload, a list of objects. */
function commandsOfObject(path: string, object: Fields): readonly ComponentCommand[] {
  const { kind, spec, items } = object;
  if (kind === 'KubeletConfiguration') return [commandOfKubelet(path, object)];
  if (kind === 'Pod') return commandsOfPod(path, fieldsOf(spec));
  if (Array.isArray(items)) return listOf(items).flatMap((item) => commandsOfObject(path, item));
  return commandsOfPod(path, fieldsOf(fieldsOf(fieldsOf(spec)['template'])['spec']));
}

/** What the static pods of a manifest are started with, or the kubelet by its KubeletConfiguration. */
export async function parseManifest(path: string, contents: string): Promise<Components> {
  // To look for a field in all that stand before it takes long where there are many; of two the last counts, as in JSON.
  const documents = await parseYamlDocuments(contents, { takesDuplicates: true });
  const [fault] = documents.flatMap(({ faults }) => faults);
  if (fault !== undefined) return { commands: [], unreadable: [{ path, message: faultText(fault) }] };
  const commands = documents.flatMap(({ value }) => commandsOfObject(path, fieldsOf(value)));
  return commands.length > 0
    ? { commands, unreadable: [] }
    : { commands, unreadable: [{ path, message: 'starts no program: it has no pod in it' }] };
}
