using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;
using LatentDiffusion.Tensors;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// Trains a first stage, in turn with a discriminator where the loss has one (LDM section 3.1): in every step the
/// autoencoder moves first, then the discriminator.
/// </summary>
internal sealed class AutoencoderTrainer : ITrainer
{
    private const int SheetImages = 16;

    private readonly AutoencoderExperiment _experiment;
    private readonly ImageDataset _dataset;
    private readonly FirstStageConfig _described;
    private readonly FirstStage _model;
    private readonly PerceptualDistance? _perceptual;
    private readonly AutoencoderLoss _loss;
    private readonly ParameterUpdate _update;
    private readonly Adversary? _adversary;
    private readonly ExponentialMovingAverage? _averages;
    private readonly CodebookCare? _codebook;
    private BatchLoader? _loader;

    /// <param name="experiment">The configuration.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="perceptual">The perceptual distance, or null; owned.</param>
    public AutoencoderTrainer(
        AutoencoderExperiment experiment,
        ImageDataset dataset,
        PerceptualDistance? perceptual = null
    )
    {
        (_experiment, _dataset, _perceptual) = (experiment, dataset, perceptual);
        TrainingStream.SeedInitialWeights(experiment.Seed);
        // Read once: files named in the configuration may change or go while the training runs.
        _described = experiment.Model.WithFilesRead();
        _model = _described.Build();
        _model.train();
        GradientCheckpointing.Set(_model, experiment.Training.GradientCheckpointing);
        var samples = experiment.Training.SamplesPerStep;
        _update = new ParameterUpdate(FirstStageTensors.Parameters(_model), experiment.Optimizer, samples);
        _perceptual?.train(experiment.Loss.Parity);
        _loss = new AutoencoderLoss(experiment.Loss, _perceptual is null ? null : _perceptual.Between);
        _adversary = experiment.Loss.Adversarial is { } adversarial
            ? new Adversary(adversarial, experiment.Optimizer, samples, alwaysPlays: experiment.Loss.Parity)
            : null;
        _averages = experiment.EmaDecay is { } decay
            ? new ExponentialMovingAverage(FirstStageTensors.Parameters(_model), decay)
            : null;
        _codebook = _model is VqAutoencoder vq ? new CodebookCare(experiment.Codebook, vq.Quantizer) : null;
    }

    public string Name => "autoencoder";

    public void StartFrom(string path)
    {
        ModelFile.LoadFirstStageInto(path, _model);
        _averages?.Restart();
    }

    public IReadOnlyDictionary<string, double> Step(long step)
    {
        var training = _experiment.Training;
        _loader ??= new BatchLoader(
            _dataset,
            training.BatchSize,
            _experiment.Data.Workers,
            step * training.SamplesPerStep
        );
        using var stream = TrainingStream.ForStep(_experiment.Seed, step);
        var metrics = new MeanMetrics(training.Accumulate);
        _update.ClearGradients();
        _adversary?.Update.ClearGradients();
        for (var i = 1; i <= training.Accumulate; i++)
        {
            using var scope = NewDisposeScope();
            var batch = _loader.Next();
            var images = ImageTensors.FromPlanar(batch.Pixels, batch.Count, batch.Size, batch.Size);
            var reconstructions = MoveAutoencoder(images, step, stream.Generator, metrics);
            var isLast = i == training.Accumulate;
            if (isLast)
            {
                metrics.Add(_update.Step(step));
                _averages?.Update();
            }

            if (_adversary is not null && _adversary.Plays(step))
            {
                MoveDiscriminator(_adversary, images, reconstructions, step, stream.Generator, metrics);
                if (isLast)
                {
                    metrics.Add(_adversary.Update.Step(step), "discriminator_");
                }
            }
        }

        _codebook?.EndStep(step, metrics);
        return metrics.Values;
    }

    public bool WeightsAreFinite() =>
        _update.ParametersAreFinite() && (_adversary is null || _adversary.Update.ParametersAreFinite());

    public void Write(string folder, long step)
    {
        using var scope = NewDisposeScope();
        ModelFile.Write(
            Path.Combine(folder, ModelFile.FileName),
            new AutoencoderModelConfig { FirstStage = _described, ImageSize = _experiment.Data.Size },
            FirstStageTensors.Of(_model, _averages),
            ConfigWriter.ToYaml(_experiment),
            step
        );
        _adversary?.Write(folder);
        TrainerFiles.Write(
            folder,
            _update.Optimizer,
            new TrainingState(step, _experiment.Seed, step * _experiment.Training.SamplesPerStep, _update.Steps)
            {
                CodebookCounts = _codebook?.Counts,
            },
            _adversary?.Update.Optimizer
        );
    }

    public long Read(string folder)
    {
        using (var file = SafetensorsFile.Open(Path.Combine(folder, ModelFile.FileName)))
        {
            FirstStageTensors.Load(file, _model, _averages);
        }

        _adversary?.Read(folder);
        var state = TrainerFiles.Read(folder, _update.Optimizer, _adversary?.Update.Optimizer);
        if (state.CodebookCounts is { } counts)
        {
            _codebook?.Restore(counts);
        }

        return state.Step;
    }

    public RgbImage DrawSheet(IProgress<StepProgress>? progress, CancellationToken cancellation)
    {
        using var averages = _averages?.Use();
        _model.eval();
        try
        {
            return ReconstructionSheet.Draw(_model, _dataset, SheetImages);
        }
        finally
        {
            _model.train();
        }
    }

    public void Dispose()
    {
        _loader?.Dispose();
        _update.Dispose();
        _adversary?.Dispose();
        _averages?.Dispose();
        _perceptual?.Dispose();
        _model.Dispose();
    }

    private Tensor MoveAutoencoder(Tensor images, long step, Generator generator, MeanMetrics metrics)
    {
        var (decoded, regularisation) = Reconstruct(images, step, generator);
        var losses = AutoencoderBackward.Run(
            images,
            decoded,
            regularisation,
            _loss,
            sums: _model is KlAutoencoder,
            _adversary,
            step,
            share: 1.0 / _experiment.Training.Accumulate
        );
        metrics.Add("loss", losses.Total);
        metrics.Add("reconstruction", losses.Reconstruction.PerElement);
        metrics.Add(regularisation.Name, regularisation.Value);
        if (losses.Reconstruction.PerceptualDistance is { } distance)
        {
            metrics.Add("perceptual", distance);
        }

        if (losses is { Generator: { } generatorLoss, AdversarialWeight: { } weight })
        {
            metrics.Add("generator", generatorLoss);
            metrics.Add("adversarial_weight", weight);
        }

        return decoded.Images;
    }

    private void MoveDiscriminator(
        Adversary adversary,
        Tensor images,
        Tensor reconstructions,
        long step,
        Generator generator,
        MeanMetrics metrics
    )
    {
        if (_experiment.Loss.Parity)
        {
            // The reference looks again, at other draws of the posterior and through weights that have just moved.
            using var noGradient = no_grad();
            reconstructions = Reconstruct(images, step, generator).Decoded.Images;
        }

        var loss = adversary.Judge(images, reconstructions);
        var value = loss.Value.mul(Scalars.Of(adversary.FactorAt(step)));
        value.div(Scalars.Of(_experiment.Training.Accumulate)).backward();
        metrics.Add("discriminator", value);
        metrics.Add("score_real", loss.Real);
        metrics.Add("score_reconstructed", loss.Fake);
    }

    private (Decoded Decoded, Regularisation Regularisation) Reconstruct(Tensor images, long step, Generator generator)
    {
        var encoded = _model.Encode(images);
        if (_model is VqAutoencoder vq)
        {
            var quantized = _codebook!.Quantize(encoded, step, generator);
            return (Decode(vq, quantized.Quantized), _loss.Codebook(quantized.Loss));
        }

        var posterior = new DiagonalGaussian(encoded);
        return (Decode((IDecoderInTwoParts)_model, posterior.Sample(generator)), _loss.Kl(posterior));
    }

    private static Decoded Decode(IDecoderInTwoParts decoder, Tensor latents)
    {
        var features = decoder.DecodeToFeatures(latents);
        return new Decoded(features, decoder.LastLayer, decoder.LastLayer.forward(features));
    }
}
