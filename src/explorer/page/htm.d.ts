/** htm as a module: its own types are those of its CommonJS build. */
declare const htm: {
  bind<Result>(
    h: (type: never, props: never, ...children: never[]) => Result,
  ): (strings: TemplateStringsArray, ...values: readonly unknown[]) => Result | Result[];
};
export default htm;
