import type { ComponentArgument } from '../resolve/arguments.ts';
import { printable } from './columns.ts';

/** The arguments grouped by component, in the order in which they come. */
function argumentsByComponent(
  all: readonly ComponentArgument[],
): ReadonlyMap<string, readonly ComponentArgument[]> {
  const groups = new Map<string, ComponentArgument[]>();
  for (const argument of all) {
    const group = groups.get(argument.component) ?? [];
    groups.set(argument.component, [...group, argument]);
  }
  return groups;
}

/** One argument as a program takes it: `--flag=value`. */
function argumentText({ flag, value }: Pick<ComponentArgument, 'flag' | 'value'>): string {
  return printable(`${flag}=${value}`);
}

/**
 * The arguments, one a line under a comment that names the component, as they go into a unit file or, one an element,
 * into the command of a static pod. With a single component the comment is left out.
 */
export function argumentsText(all: readonly ComponentArgument[]): readonly string[] {
  const groups = [...argumentsByComponent(all)];
  return groups.flatMap(([component, own], index) => [
    ...(groups.length === 1 ? [] : [...(index === 0 ? [] : ['']), `# ${component}`]),
    ...own.map(argumentText),
  ]);
}

/** Component → flag → value, for programs. */
export function argumentsJson(all: readonly ComponentArgument[]): object {
  return {
    schema: 'k8s-pki/arguments/v1',
    components: Object.fromEntries(
      [...argumentsByComponent(all)].map(([component, own]) => [
        component,
        own.map(({ flag, value, requirement, isPlaceholder }) => ({
          flag,
          value,
          ...(requirement === undefined ? {} : { requirement }),
          isPlaceholder,
        })),
      ]),
    ),
  };
}
