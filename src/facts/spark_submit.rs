//! Options of `spark-submit` (Spark 3.5, `org.apache.spark.launcher.SparkSubmitOptionParser` and "Submitting Applications", November 2026).

/// What becomes of an option's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// A field of the batch, by Livy's name for it.
    Field(&'static str),
    /// A property of Spark.
    Property(&'static str),
    /// `key=value`.
    Conf,
    /// Means nothing on Kubernetes, for that reason.
    Needless(&'static str),
    /// Cannot be taken over, for that reason.
    Refused(&'static str),
}

/// Options that take a value.
pub const OPTIONS: &[(&str, Fate)] = &[
    ("--archives", Fate::Field("archives")),
    ("--class", Fate::Field("className")),
    ("--conf", Fate::Conf),
    ("-c", Fate::Conf),
    ("--deploy-mode", Fate::Needless("the driver has a pod of its own, as in cluster mode")),
    ("--driver-class-path", Fate::Property("spark.driver.extraClassPath")),
    ("--driver-cores", Fate::Field("driverCores")),
    ("--driver-java-options", Fate::Property("spark.driver.extraJavaOptions")),
    ("--driver-library-path", Fate::Property("spark.driver.extraLibraryPath")),
    ("--driver-memory", Fate::Field("driverMemory")),
    ("--exclude-packages", Fate::Property("spark.jars.excludes")),
    ("--executor-cores", Fate::Field("executorCores")),
    ("--executor-memory", Fate::Field("executorMemory")),
    ("--files", Fate::Field("files")),
    ("--jars", Fate::Field("jars")),
    ("--keytab", Fate::Property("spark.kerberos.keytab")),
    ("--kill", Fate::Refused("it ends a driver instead of starting one")),
    ("--master", Fate::Needless("the Spark Operator says where a job runs")),
    ("--name", Fate::Field("name")),
    ("--num-executors", Fate::Field("numExecutors")),
    ("--packages", Fate::Property("spark.jars.packages")),
    ("--principal", Fate::Property("spark.kerberos.principal")),
    ("--properties-file", Fate::Refused("its properties lie in a file of the cluster's nodes")),
    ("--proxy-user", Fate::Field("proxyUser")),
    ("--py-files", Fate::Field("pyFiles")),
    ("--queue", Fate::Field("queue")),
    ("--repositories", Fate::Property("spark.jars.repositories")),
    ("--status", Fate::Refused("it asks for a driver's state instead of starting one")),
    ("--total-executor-cores", Fate::Needless("YARN does not know it either")),
];

/// Options without a value.
pub const SWITCHES: &[&str] = &["--verbose", "-v", "--supervise"];
