/** Whether `name` stays below the folder that it is looked up in: relative, with `/` between its parts, without `..`. */
export function isRelativeName(name: string): boolean {
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\:\0]/.test(part));
}
