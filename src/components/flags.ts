import { type Component, COMPONENTS } from '../table/row.ts';
import type { GivenFlag } from './command.ts';
import { type Environment, referencesIn } from './words.ts';

// A dash and a single letter is another flag of few words, such as `-v=2`.
const FLAG = /^(--|-(?=\w\w))([A-Za-z][\w.-]*)(?:=([\s\S]*))?$/;

/** The flags that are whole without a value, and do not take the next word for theirs. */
const BOOLEANS: ReadonlySet<string> = new Set([
  '--client-cert-auth',
  '--peer-client-cert-auth',
  '--auto-tls',
  '--peer-auto-tls',
]);

/** The flags that add to what was given before; of any other the last one counts. */
const LISTS: ReadonlySet<string> = new Set([
  '--service-account-key-file',
  '--service-account-issuer',
  '--requestheader-allowed-names',
  '--requestheader-username-headers',
  '--requestheader-group-headers',
  '--requestheader-extra-headers-prefix',
  '--etcd-servers',
]);

/** The flag by which a component takes its settings from a file. */
export const CONFIGURATION_FLAGS: Partial<Readonly<Record<Component, string>>> = {
  kubelet: '--config',
  'kube-scheduler': '--config',
  etcd: '--config-file',
};

/** Whether a flag that is given again adds to what it has. */
export function isList(flag: string): boolean {
  return LISTS.has(flag);
}

/** The component whose program this is, by the last part of its path. */
export function componentOf(word: string): Component | undefined {
  const name = word.replace(/^.*\//s, '');
  return COMPONENTS.find((component) => component === name);
}

/** etcd knows its flags by one dash, too, and by no underscores; all others read `_` as `-`. */
function flagName(dashes: string, name: string, component: Component | undefined): string | undefined {
  if (component === 'etcd') return `--${name}`;
  return dashes === '--' ? `--${name.replaceAll('_', '-')}` : undefined;
}

/** The flags among the words behind a program: `--a=b`, `--a b`, `--a`. */
export function parseFlags(words: readonly string[], component: Component | undefined): readonly GivenFlag[] {
  return words.flatMap((word, index): readonly GivenFlag[] => {
    const [, dashes = '', name = '', text] = FLAG.exec(word) ?? [];
    const flag = name === '' ? undefined : flagName(dashes, name, component);
    if (flag === undefined) return [];
    const next = words[index + 1];
    const isWhole = BOOLEANS.has(flag) || next === undefined || next.startsWith('-');
    const value = text ?? (isWhole ? 'true' : next);
    return [referencesIn(value).length > 0 ? { flag } : { flag, value }];
  });
}

/** Whether a word is a flag: a dash by itself stands for nothing in a list of processes. */
export function isFlag(word: string): boolean {
  return FLAG.test(word);
}

/** Whether a component takes its flags from variables as well. */
export function readsEnvironment(component: Component | undefined): component is 'etcd' | 'etcdctl' {
  return component === 'etcd' || component === 'etcdctl';
}

/** The flags of etcd and etcdctl that stand in variables: ETCD_CERT_FILE is --cert-file. A flag that is given counts more. */
export function flagsOfEnvironment(
  environment: Environment,
  component: Component | undefined,
): readonly GivenFlag[] {
  if (!readsEnvironment(component)) return [];
  const prefix = `${component.toUpperCase()}_`;
  return Object.entries(environment)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => ({
      flag: `--${name.slice(prefix.length).toLowerCase().replaceAll('_', '-')}`,
      value,
    }));
}
