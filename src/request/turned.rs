//! A plan for the next page or poll, made of the one before: other parameters, or a link that a response gave.

use http::Method;

use super::auth::OwnAuth;
use super::data::Data;
use super::link::Link;
use super::plan::RequestPlan;

impl RequestPlan {
    /// The same call, to where a link leads.
    pub(crate) fn linked(mut self, link: Link) -> Self {
        self.rare().more.get_or_insert_default().link = Some(link);
        self
    }

    /// The same call as a GET without a body.
    pub(crate) fn bodiless(mut self) -> Self {
        if self.method == Method::GET {
            // Its data are parameters.
            return self;
        }
        self.method = Method::GET;
        let rare = self.rare();
        (rare.data, rare.json, rare.multipart, rare.made) = (Data::None, None, None, None);
        self
    }

    /// The same call with these parameters in the place of others of their names.
    pub(crate) fn with_params<'a>(
        mut self,
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        if self.method == Method::GET {
            // The data of a GET are parameters.
            match std::mem::take(&mut self.rare().data) {
                Data::Text(text) | Data::Form(text) => {
                    let added = self.text.params_text(&text);
                    self.refuse_unless(added);
                }
                other => self.rare().data = other,
            }
        }
        let endpoint = String::from_utf8_lossy(self.text.endpoint()).into_owned();
        let endpoint = endpoint.split('#').next().unwrap_or_default();
        let (path, query) = endpoint.split_once('?').unwrap_or((endpoint, ""));
        let mut new = form_urlencoded::Serializer::new(String::new());
        let mut names = Vec::new();
        for (name, value) in params {
            new.append_pair(name, value);
            names.push(name);
        }
        let given = self.text.params();
        let kept = query.split('&').chain(given.split('&')).filter(|pair| {
            let name = form_urlencoded::parse(pair.as_bytes()).next();
            name.is_some_and(|(name, _)| !names.contains(&&*name))
        });
        let mut all: Vec<&str> = kept.collect();
        let new = new.finish();
        all.push(&new);
        let proof = match &self.auth {
            Some(OwnAuth::Proof(proof)) => Some(*proof),
            _ => None,
        };
        let (mut text, proof) = self.text.with_endpoint(path, proof);
        let added = text.params_text(&all.join("&"));
        self.text = text;
        if let Some(proof) = proof {
            self.auth = Some(OwnAuth::Proof(proof));
        }
        self.refuse_unless(added);
        self
    }
}
