/** Charts of helm and files of Ansible, as whoever wrote them likes. */
import { chartUnpacker } from '../../src/declare/node/chartfiles.ts';
import { declareAnsible, readAnsible } from '../../src/declare/sources/ansible/ansible.ts';
import { parseInventory } from '../../src/declare/sources/ansible/inventory.ts';
import { literalValue } from '../../src/declare/sources/ansible/literal.ts';
import { parsePyYaml } from '../../src/declare/sources/ansible/pyyaml.ts';
import { filesOfTar } from '../../src/declare/sources/helm/archive.ts';
import { readChart } from '../../src/declare/sources/helm/chart.ts';
import { declareHelm, helmTexts } from '../../src/declare/sources/helm/helm.ts';
import { parseRendered } from '../../src/declare/yaml.ts';
import { asText, text, type Target } from './target.ts';

const CHART = 'apiVersion: v2\nname: web\nversion: 1.2.3\n';
const TEMPLATE = `{{- define "a.b" -}}{{/* now */}}{{ tpl (toYaml .Values.x | nindent 4) . }}{{- end }}
{{ range $k, $v := (keys .Values.a | sortAlpha) }}{{ \`raw {{ x }}\` }}{{ if not (lookup "v1" "Secret" "a" "b\\"c") }}{{ else }}'{{ 'x' }}'{{ end }}{{ end }}`;
const MANIFEST = `---
# Source: web/templates/a.yaml
apiVersion: v1
kind: Secret
metadata: { name: a, annotations: { helm.sh/hook: test } }
data: { password: WGszLTlmUTJ6TG03 }
`;
const VARS = `a: yes\nb: &b { <<: [{c: 010}], d: 22:22, 1: 2024-01-02T03:04:05.6+01:00 }\ne: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nf: *b\n`;
const HOSTS = `a ansible_port=22\n[web]\nweb[01:03]:22 x='a b' # c\n[2001:db8::1]:22\n[db:children]\nweb\n[db:vars]\nlist=['a', {"b": 1.5}]\n`;

/** A header of a tar, and a file of two bytes. */
function tar(): Uint8Array {
  const header = Buffer.alloc(512);
  header.write('web/Chart.yaml');
  header.write('00000000002\0', 124);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  return new Uint8Array(Buffer.concat([header, Buffer.alloc(512, 'a:'), Buffer.alloc(1024)]));
}

export const SOURCE_FILES: readonly Target[] = [
  {
    name: 'chart',
    covers: ['readChart'],
    seeds: [TEMPLATE, '{{ tpl .Values.a . }}', CHART].map(text),
    run: (b) => {
      const files = new Map([
        ['Chart.yaml', text(CHART)],
        ['templates/a.yaml', b],
        ['values.yaml', b],
        ['charts/b/Chart.yaml', b],
      ]);
      readChart(files, chartUnpacker(), new Map([['values', asText(b)]]));
    },
  },
  { name: 'archive of a chart', covers: [], seeds: [tar()], run: (b) => void filesOfTar(b) },
  {
    name: 'rendered chart',
    covers: ['parseRendered'],
    seeds: [text(MANIFEST)],
    run: (b) => {
      parseRendered(asText(b));
      const facts = { helm: { version: 'v3.19.5' } };
      declareHelm(helmTexts(facts, [asText(b), MANIFEST], [{ name: 'values', text: asText(b) }]));
    },
  },
  {
    name: 'variables of Ansible',
    covers: ['parsePyYaml', 'readAnsible'],
    seeds: [text(VARS), text('{"a": [1e3, {"b": null}]}')],
    run: (b) =>
      void [
        parsePyYaml(asText(b)),
        readAnsible('a.yml', asText(b)),
        declareAnsible([{ name: 'a.yml', text: asText(b) }]),
      ],
  },
  {
    name: 'inventory of Ansible',
    covers: ['parseInventory'],
    seeds: [text(HOSTS)],
    run: (b) => void [parseInventory(asText(b)), asText(b).split('\n').map(literalValue)],
  },
];
