import type { Component } from '../table/row.ts';

/** What a text that starts components may be written in. */
export type ComponentForm = 'manifest' | 'unit' | 'arguments';

/** A text that says how components are started. */
export interface ComponentText {
  /** What findings call it. */
  readonly path: string;
  /**
   * `manifest`: static pods, or the kubelet's KubeletConfiguration, in YAML. `unit`: a systemd unit or a drop-in of one.
   * `arguments`: command lines, as `ps`, /proc and `k8s-pki show arguments` have them.
   */
  readonly form: ComponentForm;
  readonly contents?: string;
  /** Why there are no contents. */
  readonly obstacle?: string;
}

/** A flag as it was given; without a value where that comes from something that was not read. */
export interface GivenFlag {
  readonly flag: string;
  readonly value?: string;
}

/** A place inside of a pod; without `hostPath` what lies there is no directory of the host. */
export interface Mount {
  readonly mountPath: string;
  readonly hostPath?: string;
}

/** How one program is started. */
export interface ComponentCommand {
  readonly path: string;
  readonly program: string;
  /** Absent: the program is none that the table has arguments for. */
  readonly component?: Component;
  /** In the order in which they were given. */
  readonly flags: readonly GivenFlag[];
  /** The only flags that this form has a word for; absent: all. */
  readonly scope?: readonly string[];
  /** What the pod sees of the host, the innermost first; absent: it sees the host itself. */
  readonly mounts?: readonly Mount[];
  /** Where further flags come from that were not read: `$KUBELET_EXTRA_ARGS`, `--config=…`. */
  readonly unfollowed: readonly string[];
}

/** How components are started, and what could not be read of it. */
export interface Components {
  readonly commands: readonly ComponentCommand[];
  readonly unreadable: readonly { readonly path: string; readonly message: string }[];
}
