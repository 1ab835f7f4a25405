//! The importer as a whole: what is taken, and that every scalar is accounted for.
use super::*;
use crate::ir::cluster::{Classification, Role};
use crate::ir::value::{Val, Value};
use crate::source::files::{Files, SourceFile};
use crate::source::json;
use crate::source::node::Node;
use crate::source::sink::{Disposition, Severity, Sink, Verdict};
use crate::source::span::{FileId, Origins, Span};
use proptest::prelude::*;

fn parse(text: &str) -> (Node, Sink) {
    let mut sink = Sink::default();
    let node = json::parse(text, FileId(0), &mut sink).unwrap_or_else(|| panic!("{:?}", sink.diagnostics));
    (node, sink)
}

fn read(text: &str) -> (Node, Vec<Classification>, Settings, Sink) {
    let (node, mut sink) = parse(text);
    assert!(looks_like_configurations(&node), "{text}");
    let file = import_configurations(&node, "config.json", &mut sink);
    let settings = settings(&file.classifications, &mut sink);
    (node, file.classifications, settings, sink)
}

fn properties(classification: &str, list: &[(&str, &str)]) -> String {
    let list: serde_json::Map<String, serde_json::Value> = list.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
    serde_json::json!([{ "Classification": classification, "Properties": list }]).to_string()
}

fn origins(settings: &Settings) -> Origins {
    let mut all = Origins::none();
    for (_, value) in settings.spark_conf.iter().chain(&settings.hadoop_conf) {
        all.extend(&value.all_origins());
    }
    for value in [&settings.default_queue, &settings.max_attempts].into_iter().flatten() {
        all.extend(&value.all_origins());
    }
    for queue in &settings.queues {
        all.extend(&queue.name.origins);
        for part in
            [&queue.capacity, &queue.maximum_capacity, &queue.submit_acl, &queue.state, &queue.default_node_label].into_iter().flatten()
        {
            all.extend(&part.origins);
        }
    }
    all
}

/// The scalars that reached neither the IR nor a mark, and those that reached both.
fn unexplained(node: &Node, taken: &Origins, sink: &Sink) -> Vec<String> {
    let mut out = Vec::new();
    for scalar in node.scalars() {
        let marked = sink.marks.iter().filter(|m| m.span.contains(scalar.span)).count();
        let used = taken.iter().any(|span| span == scalar.span);
        if !scalar.read || (marked == 0 && !used) {
            out.push(format!("{} = {:?} is lost (read: {})", scalar.pointer, scalar.value, scalar.read));
        }
        if marked > 0 && used {
            out.push(format!("{} = {:?} is both used and marked", scalar.pointer, scalar.value));
        }
    }
    out
}

fn spark<'a>(settings: &'a Settings, name: &str) -> Option<&'a Val> {
    settings.spark_conf.iter().find(|(n, _)| n.value == name).map(|(_, v)| v)
}

fn hadoop(settings: &Settings, name: &str) -> Option<String> {
    settings.hadoop_conf.iter().find(|(n, _)| n.value == name).and_then(|(_, v)| v.literal())
}

fn codes(sink: &Sink) -> Vec<&str> {
    sink.diagnostics.iter().map(|d| d.rule.code).collect()
}

#[test]
fn spark_defaults_are_kept_renamed_and_absorbed() {
    let text = properties(
        "spark-defaults",
        &[
            ("spark.executor.memory", "4g"),
            ("spark.yarn.executor.memoryOverhead", "1024"),
            ("spark.dynamicAllocation.enabled", "false"),
            ("spark.yarn.queue", "core"),
            ("spark.yarn.maxAppAttempts", "1"),
            ("spark.hadoop.fs.s3.canned.acl", "BucketOwnerRead"),
            ("spark.executor.extraJavaOptions", "-XX:+UseConcMarkSweepGC -Dx='a b' -XX:+PrintGCDateStamps"),
            ("spark.driver.extraJavaOptions", "-XX:+UseParNewGC"),
            ("spark.master", "yarn"),
            ("spark.executer.cores", "2"),
            ("fs.s3a.acl.default", "Private"),
        ],
    );
    let (node, _, settings, sink) = read(&text);
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
    assert_eq!(spark(&settings, "spark.executor.memory").unwrap().literal().as_deref(), Some("4g"));
    assert_eq!(spark(&settings, "spark.executor.memoryOverhead").unwrap().literal().as_deref(), Some("1024"));
    assert_eq!(spark(&settings, "spark.executor.extraJavaOptions").unwrap().literal().as_deref(), Some("'-Dx=a b'"));
    assert!(spark(&settings, "spark.driver.extraJavaOptions").is_none());
    assert!(spark(&settings, "spark.dynamicAllocation.enabled").is_none());
    assert_eq!(hadoop(&settings, "fs.s3a.acl.default").as_deref(), Some("BucketOwnerRead"));
    assert_eq!(settings.default_queue.unwrap().literal().as_deref(), Some("core"));
    assert_eq!(settings.max_attempts.unwrap().literal().as_deref(), Some("1"));
    assert_eq!(codes(&sink).iter().filter(|c| **c == "EMR115").count(), 3);
    assert!(codes(&sink).contains(&"EMR118"));
    let kept = spark(&settings_of(&text), "spark.executer.cores").is_some();
    assert!(kept, "an unknown property of Spark is kept, even when it looks like a slip");
    let slip = sink.diagnostics.iter().find(|d| d.rule.code == "EMR113").unwrap();
    assert_eq!((slip.severity, slip.help.as_deref()), (Severity::Note, Some("did you mean `spark.executor.cores`?")));
}

fn settings_of(text: &str) -> Settings {
    read(text).2
}

#[test]
fn two_connectors_become_one() {
    let same = properties("core-site", &[("fs.s3.canned.acl", "Private"), ("fs.s3a.acl.default", "Private")]);
    let (node, _, settings, sink) = read(&same);
    assert_eq!(settings.hadoop_conf.len(), 1);
    assert_eq!(settings.hadoop_conf[0].1.origins.iter().count(), 2, "both values shaped it");
    assert!(!codes(&sink).contains(&"EMR116"));
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());

    let other = properties("core-site", &[("fs.s3.canned.acl", "PublicRead"), ("fs.s3a.acl.default", "Private")]);
    let (node, _, settings, sink) = read(&other);
    assert_eq!(hadoop(&settings, "fs.s3a.acl.default").as_deref(), Some("Private"));
    let found = sink.diagnostics.iter().find(|d| d.rule.code == "EMR116").unwrap();
    assert_eq!(found.verdict, Some(Verdict::Changed));
    assert!(found.message.contains("PublicRead") && found.message.contains("Private"), "{}", found.message);
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
}

#[test]
fn glue_and_environments_and_a_batchs_conf() {
    let pair = |name: &str, value: &str| {
        let span = Span::new(FileId(0), name.len(), name.len() + value.len());
        (crate::source::span::Sourced::new(name.to_owned(), span), Val::text(value, span))
    };
    let mut sink = Sink::default();
    let settings = spark_settings(
        &[
            pair(
                "spark.hadoop.hive.metastore.client.factory.class",
                "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory",
            ),
            pair("spark.yarn.appMasterEnv.PYSPARK_PYTHON", "/usr/bin/python3"),
            pair("spark.yarn.appMasterEnv.PYSPARK_DRIVER_PYTHON", "python3"),
            pair("spark.executor.extraJavaOptions", "-XX:+IgnoreUnrecognizedVMOptions -XX:+UseParNewGC"),
            pair("spark.executorEnv.STAGE", "dev"),
            pair("spark.kubernetes.authenticate.driver.serviceAccountName", "x"),
        ],
        &mut sink,
    );
    let names: Vec<&str> = settings.spark_conf.iter().map(|(n, _)| n.value.as_str()).collect();
    assert_eq!(names, ["spark.kubernetes.driverEnv.PYSPARK_DRIVER_PYTHON", "spark.executor.extraJavaOptions", "spark.executorEnv.STAGE"]);
    assert!(settings.hadoop_conf.is_empty());
    assert_eq!(sink.marks.len(), 3);
    assert!(!codes(&sink).contains(&"EMR115"));
}

#[test]
fn encryption_with_a_key_is_sse_kms() {
    let list = [("fs.s3.enableServerSideEncryption", "true"), ("fs.s3.serverSideEncryption.kms.keyId", "alias/x")];
    let settings = settings_of(&properties("emrfs-site", &list));
    assert_eq!(hadoop(&settings, "fs.s3a.encryption.algorithm").as_deref(), Some("SSE-KMS"));
    let settings = settings_of(&properties("emrfs-site", &list[..1]));
    assert_eq!(hadoop(&settings, "fs.s3a.encryption.algorithm").as_deref(), Some("AES256"));
}

#[test]
fn slips_in_names_of_classifications_queues_and_properties() {
    let text = r#"[
      {"Classification":"spark-default","Properties":{"spark.master":"yarn"}},
      {"Classification":"core-site","Properties":{"a":1,"b":null,"c":["x"],"d":{"e":"f"},"g":true},"Propertys":{"x":"y"}},
      {"Classification":"core-site","Properties":{}},
      {"Properties":{"a":"b"}, "Classification":"yarn-site","Configurations":[{"Classification":"export","Properties":{"X":"y"}}]},
      {"Classification":"capacity-scheduler","Properties":{
        "yarn.scheduler.capacity.root.queues":"a",
        "yarn.scheduler.capacity.root.a.capcity":"10",
        "yarn.scheduler.capacity.root.b.capacity":"90",
        "yarn.scheduler.capacity.root.a.made-up-thing":"1",
        "yarn.scheduler.capacity.root":"1"}},
      {"Classification":"spark-env","Configurations":[{"Classification":"export","Properties":{"PYSPARK_PYTHON":"/usr/bin/python3","STAGE":"x"}}]}
    ]"#;
    let (node, _, settings, sink) = read(text);
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
    let help =
        |code: &str| -> Vec<&str> { sink.diagnostics.iter().filter(|d| d.rule.code == code).filter_map(|d| d.help.as_deref()).collect() };
    assert!(help("EMR101").contains(&"did you mean `spark-defaults`?"), "{:?}", help("EMR101"));
    assert!(help("EMR105").contains(&"did you mean `Properties`?"), "{:?}", help("EMR105"));
    assert!(help("EMR113").contains(&"did you mean `yarn.scheduler.capacity.root.a.capacity`?"), "{:?}", help("EMR113"));
    assert_eq!(help("EMR102").len(), 5);
    assert_eq!(help("EMR103").len(), 1);
    assert_eq!(help("EMR117").len(), 1);
    assert_eq!(hadoop(&settings, "a").as_deref(), Some("b"), "of equal properties the later one is taken");
    assert_eq!(hadoop(&settings, "g").as_deref(), Some("true"));
}

#[test]
fn secrets_are_reported_and_never_shown() {
    let text = properties("core-site", &[("fs.s3a.secret.key", "abc/DEF+0123456789"), ("fs.s3a.access.key", "AKIAIOSFODNN7EXAMPLE")]);
    let (node, _, settings, sink) = read(&text);
    assert!(settings.hadoop_conf.is_empty());
    assert_eq!(codes(&sink).iter().filter(|c| **c == "EMR104").count(), 2);
    for diagnostic in &sink.diagnostics {
        assert!(!diagnostic.message.contains("AKIA") && !diagnostic.message.contains("abc/DEF"), "{}", diagnostic.message);
    }
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
}

#[test]
fn queues_in_queues() {
    let p = "yarn.scheduler.capacity.root";
    let list = [
        (format!("{p}.etl.queues"), "nightly, hourly"),
        (format!("{p}.queues"), "etl,adhoc"),
        (format!("{p}.etl.capacity"), "70"),
        (format!("{p}.etl.nightly.maximum-capacity"), "50"),
        (format!("{p}.adhoc.default-node-label-expression"), "SPOT"),
        (format!("{p}.adhoc.state"), "STOPPED"),
        (format!("{p}.acl_submit_applications"), "spark"),
    ];
    let list: Vec<(&str, &str)> = list.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let (node, _, settings, sink) = read(&properties("capacity-scheduler", &list));
    let paths: Vec<&str> = settings.queues.iter().map(|q| q.path.as_str()).collect();
    assert_eq!(paths, ["root", "root.etl", "root.adhoc", "root.etl.nightly", "root.etl.hourly"]);
    let of = |path: &str| settings.queues.iter().find(|q| q.path == path).unwrap();
    assert_eq!(of("root.etl").capacity.as_ref().unwrap().value, "70");
    assert_eq!(of("root.etl.nightly").maximum_capacity.as_ref().unwrap().value, "50");
    assert_eq!(of("root.etl.nightly").parent.as_deref(), Some("root.etl"));
    assert_eq!(of("root.adhoc").default_node_label.as_ref().unwrap().value, "SPOT");
    assert_eq!(of("root.adhoc").state.as_ref().unwrap().value, "STOPPED");
    assert_eq!(of("root").submit_acl.as_ref().unwrap().value, "spark");
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
}

#[test]
fn lists_of_queues_that_name_none_are_accounted_for() {
    for list in [".", "", " , ", "a.b", "root"] {
        let (node, _, settings, sink) = read(&properties("capacity-scheduler", &[("yarn.scheduler.capacity.root.queues", list)]));
        assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new(), "{list}");
    }
    let text = r#"[{"Classification":"capacity-scheduler","Properties":{"yarn.scheduler.capacity.root.queues":"a"}},
                   {"Classification":"core-site","Properties":{"yarn.scheduler.capacity.root.queues":"b"}}]"#;
    let (node, _, settings, sink) = read(text);
    assert_eq!(settings.queues.iter().map(|q| q.path.as_str()).collect::<Vec<_>>(), ["root.b"]);
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
}

const REQUEST: &str = r#"{
  "Name": "nightly", "ReleaseLabel": "emr-5.13.0", "LogUri": "s3://logs/", "JobFlowRole": "EMR_EC2_DefaultRole", "ServiceRole": "EMR_DefaultRole",
  "Applications": [{"Name": "Spark"}, {"Name": "Livy", "Version": "0.4"}], "VisibleToAllUsers": true, "AutoTerminationPolicy": {"IdleTimeout": 3600},
  "Tags": [{"Key": "team", "Value": "x"}], "SupportedProducts": [], "CustomAmiId": null,
  "Configurations": [{"Classification": "spark", "Properties": {"maximizeResourceAllocation": "true"}}],
  "Instances": {
    "Ec2SubnetId": "subnet-1", "KeepJobFlowAliveWhenNoSteps": true,
    "InstanceGroups": [
      {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1, "Market": "ON_DEMAND"},
      {"InstanceRole": "CORE", "Name": "core", "InstanceType": "r5.2xlarge", "InstanceCount": 2, "Market": "SPOT", "BidPrice": "0.2",
       "EbsConfiguration": {"EbsBlockDeviceConfigs": [{"VolumeSpecification": {"VolumeType": "gp2", "SizeInGB": 100}}]}},
      {"InstanceRole": "TASK", "InstanceType": "r5.xlarge", "InstanceCount": 4, "Market": "SPOT",
       "Configurations": [{"Classification": "yarn-site", "Properties": {"a": "b"}}]}
    ]},
  "BootstrapActions": [{"Name": "install", "ScriptBootstrapAction": {"Path": "s3://b/install.sh", "Args": ["a", "b"]}}],
  "Steps": [{"Name": "job", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://b/a.jar"],
    "Properties": [{"Key": "k", "Value": "v"}]}}],
  "ReleaseLable": "emr-6.0.0", "StepConcurrencyLevel": 3
}"#;

fn cluster_origins(cluster: &crate::ir::cluster::Cluster) -> Origins {
    let mut all = Origins::none();
    let mut add = |value: &Val| all.extend(&value.all_origins());
    [&cluster.name, &cluster.release_label, &cluster.log_uri].into_iter().flatten().for_each(&mut add);
    cluster.applications.iter().for_each(&mut add);
    for group in &cluster.groups {
        [&group.name, &group.count, &group.bid_price].into_iter().flatten().for_each(&mut add);
        group.instance_types.iter().for_each(&mut add);
    }
    for action in &cluster.bootstrap_actions {
        [&action.name, &action.path].into_iter().flatten().for_each(&mut add);
        action.args.iter().for_each(&mut add);
    }
    for step in &cluster.steps {
        [&step.name, &step.action_on_failure, &step.jar, &step.main_class].into_iter().flatten().for_each(&mut add);
        step.args.iter().for_each(&mut add);
    }
    all
}

fn cluster(text: &str) -> (Node, crate::ir::cluster::Cluster, Sink) {
    let (node, mut sink) = parse(text);
    assert!(looks_like_cluster(&node), "{text}");
    assert!(!looks_like_configurations(&node));
    let cluster = import_cluster(&node, "emr/nightly.json", &mut sink);
    (node, cluster, sink)
}

fn all_unexplained(node: &Node, cluster: &crate::ir::cluster::Cluster, sink: &mut Sink) -> Vec<String> {
    let settings = settings(&cluster.classifications, sink);
    unexplained(node, &cluster_origins(cluster).with(&origins(&settings)), sink)
}

#[test]
fn a_run_job_flow_request() {
    let (node, cluster, mut sink) = cluster(REQUEST);
    assert_eq!(all_unexplained(&node, &cluster, &mut sink), Vec::<String>::new());
    assert_eq!(cluster.reference, "nightly");
    assert_eq!(cluster.release_label.as_ref().unwrap().literal().as_deref(), Some("emr-5.13.0"));
    assert_eq!(cluster.applications.len(), 2);
    assert_eq!(cluster.groups.iter().map(|g| g.role).collect::<Vec<_>>(), [Role::Master, Role::Core, Role::Task]);
    let bids: Vec<Option<String>> = cluster.groups.iter().map(|g| g.bid_price.as_ref().and_then(Val::literal)).collect();
    assert_eq!(bids, [None, Some("0.2".into()), Some("100%".into())]);
    assert_eq!(cluster.steps[0].args[1].literal().as_deref(), Some("s3://b/a.jar"));
    assert_eq!(cluster.bootstrap_actions[0].args.len(), 2);
    let unknown = sink.diagnostics.iter().find(|d| d.rule.code == "EMR105").unwrap();
    assert!(unknown.message.contains("ReleaseLable"));
    assert!(sink.diagnostics.iter().any(|d| d.message.contains("JobFlowRole") && d.verdict == Some(Verdict::Changed)));
}

#[test]
fn fleets_and_the_short_form() {
    let text = r#"{"Name":"x","ReleaseLabel":"emr-6.15.0","Instances":{"InstanceFleets":[
      {"InstanceFleetType":"CORE","Name":"c","TargetOnDemandCapacity":2,"TargetSpotCapacity":3,
       "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge","BidPriceAsPercentageOfOnDemandPrice":80.0},{"InstanceType":"m5a.xlarge","WeightedCapacity":1}],
       "LaunchSpecifications":{"SpotSpecification":{"TimeoutDurationMinutes":5,"TimeoutAction":"SWITCH_TO_ON_DEMAND"}}},
      {"InstanceFleetType":"TASK","TargetSpotCapacity":10,"TargetOnDemandCapacity":0,
       "InstanceTypeConfigs":[{"InstanceType":"m5.4xlarge","WeightedCapacity":4}]},
      {"InstanceFleetType":"WORKER","TargetSpotCapacity":1}
    ]}}"#;
    let (node, cluster, mut sink) = cluster(text);
    assert_eq!(all_unexplained(&node, &cluster, &mut sink), Vec::<String>::new());
    let shown: Vec<(Option<String>, Option<String>)> =
        cluster.groups.iter().map(|g| (g.count.as_ref().and_then(Val::literal), g.bid_price.as_ref().and_then(Val::literal))).collect();
    assert_eq!(shown, [(Some("2".into()), None), (Some("3".into()), Some("80%".into())), (None, Some("100%".into()))]);
    assert!(matches!(cluster.groups[2].count.as_ref().unwrap().value, Value::Unknown(_)));

    let (node, cluster, mut sink) = self::cluster(
        r#"{"ReleaseLabel":"emr-5.13","Instances":{"MasterInstanceType":"m4.large","SlaveInstanceType":"m4.xlarge","InstanceCount":5}}"#,
    );
    assert_eq!(all_unexplained(&node, &cluster, &mut sink), Vec::<String>::new());
    assert_eq!(cluster.groups[1].count.as_ref().unwrap().literal().as_deref(), Some("4"));
    assert!(codes(&sink).contains(&"EMR107"));
}

#[test]
fn a_described_cluster() {
    let text = r#"{"Cluster":{"Id":"j-1","Name":"livy","ReleaseLabel":"emr-7.13.0","Status":{"State":"WAITING","Timeline":{"ReadyDateTime":1.5}},
      "Ec2InstanceAttributes":{"Ec2SubnetId":"s","IamInstanceProfile":"role","AdditionalMasterSecurityGroups":[]},
      "Applications":[{"Name":"Spark","Version":"3.5.6"}],"Configurations":[],"TerminationProtected":false,"NormalizedInstanceHours":12,
      "InstanceGroups":[{"Id":"ig-1","InstanceGroupType":"CORE","InstanceType":"m5.xlarge","RequestedInstanceCount":3,"RunningInstanceCount":2,"Market":"ON_DEMAND"}],
      "BootstrapActions":[{"Name":"x","ScriptPath":"s3://b/x.sh","Args":["1"]}]}}"#;
    let (node, cluster, mut sink) = cluster(text);
    assert_eq!(all_unexplained(&node, &cluster, &mut sink), Vec::<String>::new());
    assert_eq!(cluster.groups[0].count.as_ref().unwrap().literal().as_deref(), Some("3"));
    assert_eq!(cluster.bootstrap_actions[0].path.as_ref().unwrap().literal().as_deref(), Some("s3://b/x.sh"));
}

#[test]
fn nasty_clusters_do_not_panic_and_lose_nothing() {
    for text in [
        r#"{"ReleaseLabel":"emr-5.0.0","Instances":{"InstanceGroups":[1,null,{"InstanceRole":"BOSS"},{"InstanceRole":["CORE"]},{}]}}"#,
        r#"{"ReleaseLabel":"emr-5.0.0","Instances":{"InstanceGroups":{"InstanceRole":"CORE"},"InstanceFleets":"x","InstanceCount":"many","SlaveInstanceType":"m"}}"#,
        r#"{"ReleaseLabel":"","Instances":{},"Applications":["Spark",1,{"Name":{}}],"Steps":[{"HadoopJarStep":"x"},[],7],"BootstrapActions":[{"ScriptBootstrapAction":3}]}"#,
        r#"{"ReleaseLabel":"emr-5.0.0","Instances":{},"Name":{"a":1},"LogUri":[1],"Configurations":{"Classification":"x"},"KerberosAttributes":{"KdcAdminPassword":"hunter2hunter2"}}"#,
        r#"{"ReleaseLabel":"emr-5.0.0","ReleaseLabel":"emr-5.1.0","Instances":{"InstanceGroups":[{"InstanceRole":"CORE","InstanceType":"a","InstanceType":"b","BidPrice":"1","Market":"ON_DEMAND"}]},"Steps":null}"#,
        r#"{"Cluster":{"Name":"x","ReleaseLabel":"emr-5.0.0"},"Other":[1,{"a":2}]}"#,
    ] {
        let (node, cluster, mut sink) = cluster(text);
        assert_eq!(all_unexplained(&node, &cluster, &mut sink), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn other_documents_are_not_taken() {
    for text in [
        "[]",
        "{}",
        "[1]",
        r#"[{"Classification":1,"Properties":{}}]"#,
        r#"[{"Classification":"x"}]"#,
        r#"{"Configurations":[]}"#,
        r#"{"version":"2.0","metadata":{},"operations":{},"shapes":{"Cluster":{"type":"structure"}}}"#,
        r#"{"StartAt":"A","States":{"A":{"Type":"Task","Parameters":{"Instances":{},"ReleaseLabel":"x"}}}}"#,
        r#"{"Resources":{"C":{"Type":"AWS::EMR::Cluster"}}}"#,
        r#"{"Cluster":"x"}"#,
        r#"{"Instances":[]}"#,
        r#"{"Instances":{"a":1}}"#,
    ] {
        let (node, _) = parse(text);
        assert!(!looks_like_cluster(&node) && !looks_like_configurations(&node), "{text}");
        assert!(node.scalars().iter().all(|s| !s.read), "looking reads nothing: {text}");
    }
}

/// The shared inputs, where they are at hand.
fn shared() -> Option<std::path::PathBuf> {
    let path = std::env::var_os("EMR2K8S_SHARED").map_or_else(|| "../shared".into(), std::path::PathBuf::from);
    path.join("corpus").is_dir().then_some(path)
}

#[test]
fn the_articles_configuration_is_accounted_for() {
    let Some(shared) = shared() else { return };
    let text = std::fs::read_to_string(shared.join("corpus/empathyco+ops-spark-cloudproviders/aws/emr/config.json")).unwrap();
    let (node, _, settings, sink) = read(&text);
    assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
    assert!(sink.marks.iter().all(|m| m.disposition != Disposition::Unexplained && !m.note.is_empty()));
    let names: Vec<&str> = settings.queues.iter().map(|q| q.name.value.as_str()).collect();
    assert_eq!(names, ["main", "core"]);
    assert_eq!(settings.hadoop_conf.len(), 1);
    assert_eq!(hadoop(&settings, "fs.s3a.acl.default").as_deref(), Some("BucketOwnerFullControl"));
    let misspelled = sink.diagnostics.iter().filter(|d| d.rule.code == "EMR113").count();
    assert_eq!(misspelled, 3, "yarn.acl.enabled, and accesible-node-labels twice");
    if std::env::var_os("EMR2K8S_PRINT").is_some() {
        let mut files = Files::default();
        files.add(SourceFile::new("config.json", text.as_str()));
        for scalar in node.scalars() {
            let mark = sink.marks.iter().find(|m| m.span.contains(scalar.span));
            let what = mark.map_or("-> IR".to_owned(), |m| format!("{:?} {}: {}", m.disposition, m.rule.code, m.note));
            println!("{} = {:?}\n    {what}", scalar.pointer, scalar.value);
        }
        for d in &sink.diagnostics {
            println!("{} {:?} {:?} {} [{}]", d.rule.code, d.severity, d.verdict, d.message, d.help.as_deref().unwrap_or(""));
        }
        println!("{settings:#?}");
    }
}

#[test]
fn a_service_model_is_no_cluster() {
    let Some(shared) = shared() else { return };
    let path = "corpus/aws-samples+serverless-patterns/lambda-bedrock-cdk/lambda-layer/resources/layers/bedrock-layer/python/botocore/data/emr/2009-03-31/service-2.json";
    let Ok(text) = std::fs::read_to_string(shared.join(path)) else { return };
    let (node, _) = parse(&text);
    assert!(!looks_like_cluster(&node) && !looks_like_configurations(&node));
    // Every member of the API of that version has a fate in the table.
    let shapes = node.get("shapes").unwrap();
    for (ours, theirs) in [
        ("RunJobFlow", &["RunJobFlowInput"][..]),
        ("Cluster", &["Cluster"]),
        ("Instances", &["JobFlowInstancesConfig"]),
        ("Ec2InstanceAttributes", &["Ec2InstanceAttributes"]),
        ("InstanceGroup", &["InstanceGroupConfig", "InstanceGroup"]),
        ("InstanceFleet", &["InstanceFleetConfig", "InstanceFleet"]),
        ("InstanceType", &["InstanceTypeConfig", "InstanceTypeSpecification"]),
        ("Step", &["StepConfig", "StepSummary", "Step"]),
        ("HadoopJarStep", &["HadoopJarStepConfig", "HadoopStepConfig"]),
        ("BootstrapAction", &["BootstrapActionConfig", "Command"]),
        ("ScriptBootstrapAction", &["ScriptBootstrapActionConfig"]),
        ("Application", &["Application"]),
    ] {
        for shape in theirs {
            for entry in shapes.path(&[shape, "members"]).and_then(Node::object).unwrap() {
                assert!(crate::facts::emr_api::member(ours, &entry.key).is_some(), "{shape}.{} has no fate", entry.key);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]
    #[test]
    fn any_property_is_accounted_for(
        class in prop::sample::select(vec!["spark-defaults", "spark", "core-site", "capacity-scheduler", "livy-conf", "spark-hive-site", "hue-ini", "nonsense"]),
        list in prop::collection::vec((
            prop_oneof![".{0,40}", "spark\\.[a-z.]{0,20}", "yarn\\.scheduler\\.capacity\\.root[a-z.]{0,20}",
                        prop::sample::select(vec!["spark.driver.extraJavaOptions".to_owned(), "yarn.scheduler.capacity.root.queues".to_owned(),
                                                  "spark.hadoop.fs.s3.canned.acl".to_owned(), "spark.hadoop.".to_owned(), "spark.yarn.queue".to_owned()])],
            ".{0,30}"), 0..8),
    ) {
        let list: Vec<(&str, &str)> = list.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let text = properties(class, &list);
        let (node, _, settings, sink) = read(&text);
        prop_assert_eq!(unexplained(&node, &origins(&settings), &sink), Vec::<String>::new());
    }
}

#[test]
fn spans_point_at_the_values() {
    let text = properties("core-site", &[("x", "value")]);
    let (_, classifications, _, _) = read(&text);
    let span: Span = classifications[0].properties[0].1.origins.first().unwrap();
    assert_eq!(&text[span.start as usize..span.end as usize], "\"value\"");
}
