import { type Component, COMPONENTS } from '../table/row.ts';
import type { ComponentCommand, GivenFlag, Mount } from './command.ts';
import {
  componentOf,
  CONFIGURATION_FLAGS,
  flagsOfEnvironment,
  isFlag,
  parseFlags,
  readsEnvironment,
} from './flags.ts';
import { type Environment, expandWords, referencesIn, splitWords } from './words.ts';

/** A program that is started: its words, and what stands around them. */
export interface Start {
  readonly path: string;
  /** Program and arguments, variables not put in. */
  readonly words: readonly string[];
  readonly environment: Environment;
  /** What the program is where the words do not say: the name of an image or a file. */
  readonly otherwise?: string;
  readonly mounts?: readonly Mount[];
  /** Where more of the environment comes from that was not read. */
  readonly unread: readonly string[];
}

const SHELL = /(?:^|\/)(?:ba|da|a|k|z)?sh$/;

/** The words of the script, where a shell is what is started. */
function withoutShell(words: readonly string[]): readonly string[] {
  const [shell = ''] = words;
  const script = words.findIndex((word) => /^-[a-z]*c$/.test(word)) + 1;
  return SHELL.test(shell) && script > 0 ? splitWords(words[script] ?? '') : words;
}

/** A component whose name stands in another name as a word: `etcd.env`, `kube-apiserver-amd64`. */
function componentIn(text: string): Component | undefined {
  const name = text.replace(/^.*\//s, '').replaceAll('_', '-');
  const longestFirst = COMPONENTS.toSorted((a, b) => b.length - a.length);
  return longestFirst.find((component) => new RegExp(`(?<![a-z])${component}(?![a-z])`, 'i').test(name));
}

/** etcd takes nothing but the file where one is given (etcd's own help). */
function effective(flags: readonly GivenFlag[], component: Component | undefined): readonly GivenFlag[] {
  const only = component === 'etcd' ? flags.filter(({ flag }) => flag === CONFIGURATION_FLAGS.etcd) : [];
  return only.length > 0 ? only : flags;
}

/** The words in front of the first flag, or all. */
function leadingWords(words: readonly string[]): readonly string[] {
  const end = words.findIndex(isFlag);
  return end < 0 ? words : words.slice(0, end);
}

/** What a program is told when it is started. */
export function commandOf(start: Start): ComponentCommand {
  const { path, environment, mounts, unread, otherwise = '' } = start;
  const words = expandWords(withoutShell(expandWords(start.words, environment)), environment);
  const leading = leadingWords(words);
  const named = leading.find((word) => componentOf(word) !== undefined);
  const program = named ?? leading[0] ?? otherwise;
  const component = componentOf(program) ?? (leading.length === 0 ? componentIn(program) : undefined);
  const own = parseFlags(words, component);
  const given = new Set(own.map(({ flag }) => flag));
  const inherited = flagsOfEnvironment(environment, component).filter(({ flag }) => !given.has(flag));
  const flags = effective([...inherited, ...own], component);
  const configuration = component === undefined ? undefined : CONFIGURATION_FLAGS[component];
  return {
    path,
    program,
    ...(component === undefined ? {} : { component }),
    flags,
    ...(mounts === undefined ? {} : { mounts }),
    unfollowed: [
      ...words.filter((word) => !isFlag(word)).flatMap(referencesIn),
      ...flags
        .filter(({ flag }) => flag === configuration)
        .map(({ flag, value = '…' }) => `${flag}=${value}`),
      ...(readsEnvironment(component) ? unread : []),
    ],
  };
}
