import type { ComponentCommand, Components } from './command.ts';
import { commandOf } from './start.ts';
import { type Environment, splitWords } from './words.ts';

/** A unit, or a drop-in of one. */
export interface UnitText {
  readonly path: string;
  readonly contents: string;
}

/** `key=value` lines of [Service], whole ones: a line that ends in a backslash goes on in the next (systemd.syntax(7)). */
function settingsOf(contents: string): readonly (readonly [key: string, value: string])[] {
  const lines = contents
    .split(/\r?\n/)
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  let section = '';
  return lines.flatMap((line) => {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^([A-Za-z]+)\s*=(.*)$/.exec(line.trimStart()) ?? [];
    return key === undefined || value === undefined || section !== 'Service'
      ? []
      : [[key, value.trim()] as const];
  });
}

/** What a list has after all that was said of it: an empty value takes back what stands before (systemd.service(5)). */
function valuesOf(settings: ReturnType<typeof settingsOf>, wanted: string): readonly string[] {
  const values = settings.filter(([key]) => key === wanted).map(([, value]) => value);
  return values.slice(values.lastIndexOf('') + 1);
}

function environmentOf(settings: ReturnType<typeof settingsOf>): Environment {
  const words = valuesOf(settings, 'Environment').flatMap(splitWords);
  return Object.fromEntries(
    words.map((word) => [word.replace(/=.*$/s, ''), word.replace(/^[^=]*=?/s, '')] as const),
  );
}

/** The unit that a text belongs to: drop-ins lie in `NAME.service.d` (systemd.unit(5)). */
function unitNameOf({ path }: UnitText): string {
  const [directory = '', name = ''] = path.split('/').slice(-2);
  return directory.endsWith('.d') ? directory.slice(0, -'.d'.length) : name || directory;
}

/** The unit itself comes before its drop-ins, those in the order of their names. */
function isDropIn({ path }: UnitText): boolean {
  return /\.d\/[^/]*$/.test(path);
}

function commandsOfUnit(texts: readonly UnitText[]): readonly ComponentCommand[] {
  const inOrder = texts.toSorted(
    (a, b) => Number(isDropIn(a)) - Number(isDropIn(b)) || (a.path < b.path ? -1 : 1),
  );
  const settings = inOrder.flatMap(({ contents }) => settingsOf(contents));
  // Whoever mends it wants the last file that says so.
  const path =
    inOrder.findLast(({ contents }) => valuesOf(settingsOf(contents), 'ExecStart').length > 0)?.path ?? '';
  return valuesOf(settings, 'ExecStart').map((line) =>
    commandOf({
      path,
      words: splitWords(line.replace(/^[-@:+!|]+/, '')),
      environment: environmentOf(settings),
      unread: valuesOf(settings, 'EnvironmentFile').map((file) => `EnvironmentFile=${file}`),
    }),
  );
}

/** What units start, each with its drop-ins, whatever the order in which they come. Files of variables are not read. */
export function parseUnits(texts: readonly UnitText[]): Components {
  const names = [...new Set(texts.map(unitNameOf))];
  const units = names.map((name) => texts.filter((text) => unitNameOf(text) === name));
  const commands = units.map(commandsOfUnit);
  return {
    commands: commands.flat(),
    unreadable: units.flatMap(([first], index) =>
      first === undefined || commands[index]?.length !== 0
        ? []
        : [{ path: first.path, message: 'starts no program: it has no ExecStart' }],
    ),
  };
}
