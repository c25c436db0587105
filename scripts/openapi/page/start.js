// Runs in the reader's browser, after swagger-ui-bundle.js.
window.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  displayOperationId: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  // No document and no token of ours goes to a validator elsewhere.
  validatorUrl: null,
})
