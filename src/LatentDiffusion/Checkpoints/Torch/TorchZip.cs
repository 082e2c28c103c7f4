using System.Text;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch.Pickles;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>
/// The format of torch.save since PyTorch 1.6: a zip archive with one folder of any name, in it data.pkl, the storages as
/// data/KEY, and perhaps byteorder.
/// </summary>
internal sealed class TorchZip : IStorages
{
    private const string PickleName = "/data.pkl";
    private const int MaxByteOrderLength = 16;

    private readonly PositionalFile _file;
    private readonly ZipDirectory _zip;
    private readonly string _root;
    private readonly Dictionary<string, (long Position, long Length)> _located = [];

    private TorchZip(PositionalFile file)
    {
        _file = file;
        _zip = ZipDirectory.Read(file);
        var pickles = _zip
            .Names.Where(n => n.EndsWith(PickleName, StringComparison.Ordinal) && n.Count(c => c == '/') == 1)
            .ToList();
        _root = pickles is [var name]
            ? name[..^PickleName.Length]
            : throw file.Damaged(
                $"the zip archive has {pickles.Count} files data.pkl in folders of its own where torch.save has one"
            );
    }

    /// <exception cref="CheckpointFormatException">The file is damaged or breaks a limit.</exception>
    public static TorchContents Load(PositionalFile file)
    {
        var archive = new TorchZip(file);
        var (position, length) = archive.Locate(archive._root + PickleName);
        var stubs = new PickleStubs();
        var input = new PickleInput(file, position, position + length);
        var value = Unpickler.Load(input, archive, stubs);
        archive.RequireNoOverlap();
        return new TorchContents(value, stubs.Names, archive.IsBigEndian());
    }

    /// <inheritdoc/>
    public PickledStorage Find(ScalarType dtype, string key, long count)
    {
        var (position, length) = Locate($"{_root}/data/{key}");
        if (count < 0 || count > length / PickledStorage.SizeOf(dtype))
        {
            throw _file.Damaged($"storage {OneLine.Quote(key)} has {length} bytes, too few for {count} of {dtype}");
        }

        return new PickledStorage(dtype, count) { Position = position };
    }

    private bool IsBigEndian()
    {
        var name = _root + "/byteorder";
        if (!_zip.Names.Contains(name))
        {
            return false;
        }

        var (position, length) = Locate(name);
        var bytes = new byte[Math.Min(length, MaxByteOrderLength)];
        _file.ReadExactly(bytes, position);
        return Encoding.UTF8.GetString(bytes) switch
        {
            "little" => false,
            "big" => true,
            var other => throw _file.Damaged($"the byte order is {OneLine.Quote(other)} instead of little or big"),
        };
    }

    // Entries that share bytes let a small file stand for a large one.
    private void RequireNoOverlap()
    {
        long end = 0;
        foreach (var (name, place) in _located.Where(l => l.Value.Length > 0).OrderBy(l => l.Value.Position))
        {
            if (place.Position < end)
            {
                throw _file.Damaged($"{OneLine.Quote(name)} shares bytes with another entry of the zip archive");
            }

            end = place.Position + place.Length;
        }
    }

    private (long Position, long Length) Locate(string name)
    {
        if (!_located.TryGetValue(name, out var place))
        {
            _located.Add(name, place = _zip.Locate(name));
        }

        return place;
    }
}
