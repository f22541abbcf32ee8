/** Version of the whole product (package.json of the root). */
export const VERSION = '0.1.0';
