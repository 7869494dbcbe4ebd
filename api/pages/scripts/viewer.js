"use strict";

// The description names the public address: asked from here, answers are to come from here, wherever the page was opened.
const here = {
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (original) => (description) => original({ ...description, servers: [{ url: location.origin }] }),
      },
    },
  },
};

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  plugins: [here],
});
