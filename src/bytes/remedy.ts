/**
 * Which options of a call settle what a refusal or a warning tells of, as data. The text beside it says the same in words;
 * a face says how the option is given there: the command line has the table of flags in cli/frame/remedy.ts.
 */
export type RemedyOption =
  // where things lie
  | 'agentDir'
  | 'dataDir'
  | 'guardDir'
  | 'monitorDir'
  | 'stateDir'
  | 'witnessDir'
  // servers
  | 'insecureBind'
  | 'port'
  | 'tlsCert'
  | 'tlsKey'
  | 'trustProxy'
  // which log, and how much of it is read
  | 'check'
  | 'full'
  | 'log'
  | 'logOrigin'
  | 'monitor'
  | 'peer'
  | 'policy'
  | 'since'
  | 'until'
  | 'vkey'
  // keys and what they may do
  | 'name'
  | 'replace'
  | 'use'
  // what is declared
  | 'allowNondeterministic'
  | 'approvals'
  | 'bundle'
  | 'ca'
  | 'certificateIdentity'
  | 'certificateOidcIssuer'
  | 'claims'
  | 'dropClaims'
  | 'helm'
  | 'image'
  | 'leaves'
  | 'list'
  | 'literal'
  | 'notSecret'
  | 'otherProbe'
  | 'pin'
  | 'recursive'
  | 'repin'
  | 'sensitive'
  | 'subject'
  | 'target'
  | 'trustedRoot'
  | 'unsigned'
  // what an operator decides
  | 'adopt'
  | 'clockTolerance'
  | 'confine'
  | 'forget'
  | 'rebuildGuard'
  | 'resume'
  | 'webhook'
  | 'webhookSecret';

/** Option → the value to give; `true`: a switch, or a value that only the caller knows. In the order of the text. */
export type Remedy = { readonly [Option in RemedyOption]?: string | number | true };
