/** A lead's own fields in the order of its list and by the names that its list gives them; unnamed ones last, by their keys. */
export const leadFieldsOf = (
  fields: Readonly<Record<string, string>> | null,
  defs: readonly { readonly key: string; readonly label: string }[] | null,
): readonly { readonly key: string; readonly label: string; readonly value: string }[] => {
  const labels = new Map((defs ?? []).map((def) => [def.key, def.label]));
  return [...new Set([...labels.keys(), ...Object.keys(fields ?? {})])].flatMap((key) => {
    const value = fields?.[key];
    return value === undefined ? [] : [{ key, label: labels.get(key) ?? key, value }];
  });
};
