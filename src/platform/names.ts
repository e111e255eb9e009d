/** Names of files that several parts know. */

/** The configuration file in the directory of a log, witness, monitor or agent. */
export const CONFIG_FILE = 'tallystick.yaml';
