using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;
using LatentDiffusion.Tensors;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// Trains a feature network: every batch holds images of all sources, every source has its own softmax over its own
/// classes.
/// </summary>
internal sealed class ClassifierTrainer : ITrainer
{
    private readonly ClassifierExperiment _experiment;
    private readonly ClassifierSource[] _sources;
    private readonly ClassifierModelConfig _config;
    private readonly FeatureClassifier _model;
    private readonly ParameterUpdate _update;

    /// <param name="experiment">The configuration.</param>
    /// <param name="log">Told one line about each source.</param>
    /// <exception cref="Errors.UserInputException">A source cannot be used.</exception>
    public ClassifierTrainer(ClassifierExperiment experiment, Action<string> log)
    {
        _experiment = experiment;
        var counts = experiment.ImagesPerBatch();
        _sources =
        [
            .. experiment.Sources.Select((config, i) => new ClassifierSource(config, i, counts[i], experiment.Seed)),
        ];
        foreach (var source in _sources)
        {
            log(source.Summary);
        }

        _config = new ClassifierModelConfig
        {
            ImageSize = experiment.ImageSize,
            Network = experiment.Network,
            Heads = [.. _sources.Select(s => new ClassifierHeadConfig { Name = s.Name, Classes = s.Classes })],
        };
        TrainingStream.SeedInitialWeights(experiment.Seed);
        _model = new FeatureClassifier(_config.Network, _config.Heads);
        _model.train();
        _update = new ParameterUpdate(
            _model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)),
            experiment.Optimizer,
            experiment.Training.SamplesPerStep
        );
    }

    public string Name => "classifier";

    public void StartFrom(string path)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        ModuleState.Load(file, ModuleState.Of(_model), _ => true);
    }

    public IReadOnlyDictionary<string, double> Step(long step)
    {
        var batches = _experiment.Training.Accumulate;
        using var stream = TrainingStream.ForStep(_experiment.Seed, step);
        var metrics = new MeanMetrics(batches);
        _update.ClearGradients();
        for (var i = 0; i < batches; i++)
        {
            using var scope = NewDisposeScope();
            var loss = Loss(step * batches + i, metrics);
            loss.div(Scalars.Of(batches)).backward();
            metrics.Add("loss", loss);
        }

        metrics.Add(_update.Step(step));
        return metrics.Values;
    }

    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation) =>
        InInferenceMode(() =>
            _sources
                .Index()
                .Where(s => s.Item.Validation is not null)
                .ToDictionary(
                    s => $"accuracy_{s.Item.Name}",
                    s => new ClassifierEvaluation(_model, s.Index).Accuracy(s.Item.Validation!, cancellation)
                )
        );

    public bool WeightsAreFinite() => _update.ParametersAreFinite();

    public void Write(string folder, long step)
    {
        ModelFile.Write(
            Path.Combine(folder, ModelFile.FileName),
            _config,
            ModuleState.Of(_model),
            ConfigWriter.ToYaml(_experiment),
            step
        );
        TrainerFiles.Write(
            folder,
            _update.Optimizer,
            new TrainingState(step, _experiment.Seed, step * _experiment.Training.SamplesPerStep, _update.Steps)
        );
    }

    public long Read(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, ModelFile.FileName));
        ModuleState.Load(file, ModuleState.Of(_model), _ => true);
        return TrainerFiles.Read(folder, _update.Optimizer).Step;
    }

    public RgbImage DrawSheet(IProgress<StepProgress>? progress, CancellationToken cancellation) =>
        InInferenceMode(() =>
            _sources.Index().FirstOrDefault(s => s.Item.Validation is not null)
                is (var head, { Validation: { } images })
                ? new ClassifierEvaluation(_model, head).DrawSheet(images, cancellation)
                : RgbImage.Filled(1, 1, Rgb.White)
        );

    public void Dispose()
    {
        foreach (var source in _sources)
        {
            source.Dispose();
        }

        _update.Dispose();
        _model.Dispose();
    }

    private Tensor Loss(long batch, MeanMetrics metrics)
    {
        var parts = _sources.Select(s => s.Next(batch)).ToList();
        var size = _experiment.ImageSize;
        var images = cat([.. parts.Select(p => ImageTensors.FromPlanar(p.Images.Pixels, p.Images.Count, size, size))]);
        var embeddings = _model.Embed(images);
        List<Tensor> losses = [];
        var first = 0L;
        foreach (var (i, (_, labels)) in parts.Index())
        {
            var logits = _model.Classify(embeddings.narrow(0, first, labels.Length), i);
            var loss = nn.functional.cross_entropy(logits, tensor(labels), label_smoothing: _experiment.LabelSmoothing);
            metrics.Add($"loss_{_sources[i].Name}", loss);
            losses.Add(loss.mul(Scalars.Of((double)labels.Length / images.shape[0])));
            first += labels.Length;
        }

        return losses.Aggregate((sum, part) => sum.Plus(part));
    }

    private T InInferenceMode<T>(Func<T> measure)
    {
        _model.eval();
        try
        {
            return measure();
        }
        finally
        {
            _model.train();
        }
    }
}
